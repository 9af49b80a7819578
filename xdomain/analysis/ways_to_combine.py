"""The table "Ways to combine": sequence, mixture, merge and distillation of the same domains, beside their experts.

The best and the worst order are chosen by the accuracies that the table shows. Their intervals hold for all orders
together (Bonferroni), so the choice does not make them too narrow. Runs that are not beaten follow from multiple
comparisons among all runs, with all orders. p of the differences from the experts is adjusted by Benjamini-Hochberg
within one set of domains.

Source: ours; Hsu 1984 for the multiple comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdomain.analysis.multiplicity import adjust, equivalences, word_for
from xdomain.analysis.result import Cell, ChosenScale, TriedScale, Way, WayArm, WaysToCombine
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.ways import combined_domains
from xdomain.analysis.ways_advice import advice, cheapest
from xdomain.analysis.ways_cost import marginal_cost, sum_of_costs, total_cost
from xdomain.analysis.ways_measured import (
    EXPERTS,
    NO_EXPERT,
    MeasuredWays,
    difference_cell,
    level_cell,
    measured_ways,
    worst_cell,
)

METHOD = "fdr_bh"


@dataclass(frozen=True)
class _Shown:
    way: Way
    run: Run
    chosen_of: int = 1


def ways_to_combine(study: Study) -> tuple[WaysToCombine, ...]:
    """Return the comparison of each set of domains that are combined in at least two ways, the largest set first."""
    found = (measured_ways(study, combined) for combined in combined_domains(study))
    return tuple(_comparison(study, measured) for measured in found if measured is not None)


def _comparison(study: Study, measured: MeasuredWays) -> WaysToCombine:
    arms = _adjusted([_arm(study, measured, shown) for shown in _shown(measured)], study.margin)
    if len(measured.combined.experts) == len(measured.combined.domains):
        arms.append(_experts(study, measured))
    bare = WaysToCombine(
        domains=measured.combined.domains,
        arms=tuple(arms),
        candidates=tuple(measured.labels),
        leading=measured.leading.label,
        margin=study.spoken(measured.margin),
        not_beaten=measured.not_beaten,
        not_beaten_on_worst=measured.not_beaten_on_worst(),
        cheapest=measured.leading.label,
        advice="",
    )
    costs = {run.label: total_cost(run) for run in measured.runs}
    means = {run.label: measured.mean(run) for run in measured.runs}
    least = bare.model_copy(update={"cheapest": cheapest(bare, costs, means)})
    return least.model_copy(update={"advice": advice(least, costs)})


def _shown(measured: MeasuredWays) -> list[_Shown]:
    """Return the rows: the best and the worst order, or the only one, then every run of the other ways."""
    combined = measured.combined
    orders = sorted((run for run in combined.orders if run in measured.runs), key=measured.mean, reverse=True)
    rows = [_Shown(Way.ORDER, run) for run in orders]
    if len(orders) > 1:
        rows = [
            _Shown(Way.BEST_ORDER, orders[0], len(orders)),
            _Shown(Way.WORST_ORDER, orders[-1], len(orders)),
        ]
    others = {
        Way.MIXTURE: combined.mixtures,
        Way.MERGE: combined.merges,
        Way.DISTILLATION: combined.distillations,
    }
    return rows + [_Shown(way, run) for way, runs in others.items() for run in runs if run in measured.runs]


def _arm(study: Study, measured: MeasuredWays, shown: _Shown) -> WayArm:
    run, k = shown.run, shown.chosen_of
    domains, label = measured.combined.domains, run.label
    levels = {name: measured.levels[label, name] for name in domains}
    over = {name: measured.over_experts[label, name] for name in measured.combined.experts}
    mean_over = measured.mean_over_experts.get(label, NO_EXPERT)
    return WayArm(
        way=shown.way,
        runs=(label,),
        chosen_of=k,
        accuracy=_spoken(study, {name: level_cell(found, k) for name, found in levels.items()}),
        against_expert=_spoken(study, {name: difference_cell(found, k) for name, found in over.items()}),
        mean=study.spoken(level_cell(measured.means[label], k)),
        mean_against_experts=study.spoken(difference_cell(mean_over, k)),
        worst=study.spoken(worst_cell(levels, (label,), k)),
        marginal=marginal_cost(run),
        total=total_cost(run),
        scales=tuple(_chosen_scales(run)),
    )


def _chosen_scales(run: Run) -> Iterator[ChosenScale]:
    """Yield the scale that each seed of a merge chose on dev items."""
    for seed, end in run.ends.items():
        if end.choice is not None and seed is not None:
            tried = tuple(TriedScale(scale=scale, dev_accuracy=share) for scale, share in end.choice.tried)
            yield ChosenScale(seed=seed, scale=end.choice.value, tried=tried)


def _experts(study: Study, measured: MeasuredWays) -> WayArm:
    """Return the row of the experts, each on its own domain, which are several models."""
    experts = measured.combined.experts
    labels = tuple(experts[name].label for name in measured.combined.domains)
    levels = {name: measured.levels[experts[name].label, name] for name in measured.combined.domains}
    added = [cost for cost in map(marginal_cost, experts.values()) if cost is not None]
    return WayArm(
        way=Way.EXPERTS,
        runs=labels,
        accuracy=_spoken(study, {name: level_cell(found) for name, found in levels.items()}),
        against_expert={},
        mean=study.spoken(level_cell(measured.means[EXPERTS])),
        mean_against_experts=Cell(note="the experts themselves", compares=labels),
        worst=study.spoken(worst_cell(levels, labels)),
        marginal=sum_of_costs(added) if len(added) == len(experts) else None,
        total=sum_of_costs([total_cost(run) for run in experts.values()]),
    )


def _spoken(study: Study, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    return {name: study.spoken(cell) for name, cell in cells.items()}


def _adjusted(arms: Sequence[WayArm], margin: float | None) -> list[WayArm]:
    """Adjust p of the differences from the experts: one family by domain, another one of the means."""
    places = [(position, name) for position, arm in enumerate(arms) for name in arm.against_expert]
    by_domain = _worded([arms[position].against_expert[name] for position, name in places], margin)
    means = _worded([arm.mean_against_experts for arm in arms], margin)
    cells: list[dict[str, Cell]] = [{} for _ in arms]
    for (position, name), cell in zip(places, by_domain, strict=True):
        cells[position][name] = cell
    return [
        arm.model_copy(update={"against_expert": own, "mean_against_experts": mean})
        for arm, own, mean in zip(arms, cells, means, strict=True)
    ]


def _worded(cells: Sequence[Cell], margin: float | None) -> list[Cell]:
    adjusted = adjust([cell.p for cell in cells], METHOD)
    return [
        cell.model_copy(update={"p_adjusted": p, "word": word_for(cell, p, signed=True), **within})
        for cell, p, within in zip(cells, adjusted, equivalences(cells, margin, METHOD), strict=True)
    ]
