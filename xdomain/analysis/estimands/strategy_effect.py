"""Strategies of a mixed curriculum against a reference: joint if it was run, else the first one listed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Family, Grid, family_over_domains
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.strategies import contests

if TYPE_CHECKING:
    from xdomain.analysis.columns import FloatArray
    from xdomain.analysis.contrast import Aligned, Effect
    from xdomain.analysis.inference import Estimate, Measured
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.study import Study

MEAN, WORST = "mean of trained domains", "worst domain"
Pair = tuple[Run, Run]
STRATEGY_COLUMNS = (
    "Mean: over the trained domains. Worst domain: smallest change from base over the trained domains, min over d of "
    "R[s, d] - R[base, d], less the same of the other; interval corrected for both minima"
)
STRATEGY_FAMILY = (
    f"{BENJAMINI_HOCHBERG} over all strategies and evaluated domains; mean and worst domain each by itself"
)


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Compare every strategy with its curriculum's reference."""
    pairs = [(run, contest.reference) for contest in contests(measurements.study.book) for run in contest.others]
    return paired_matrix(measurements, pairs, template)


def paired_matrix(measurements: Measurements, pairs: Sequence[Pair], template: Matrix) -> Matrix:
    """Compare the two runs of each pair on each domain, on the mean of the trained ones and on the worst."""
    study = measurements.study
    effects: dict[tuple[str, str], Effect | Blank] = {}
    for run, other in pairs:
        effects |= {(run.label, domain): study.difference(run, other, domain) for domain in study.domains}
        effects[run.label, MEAN] = _mean_of_trained(study, run, other)
    cells = measurements.cells(effects)
    worst = _worst_cells(measurements, pairs)
    cells |= {(run.label, WORST): cell for (run, _), cell in zip(pairs, worst, strict=True)}
    columns = (*study.domains, MEAN, WORST)
    ordered = {(run.label, column): cells[run.label, column] for run, _ in pairs for column in columns}
    families = [[key for key in ordered if key[1] in group] for group in (study.domains, [MEAN], [WORST])]
    return measurements.tested(template, ordered, columns, families)


def _trained(study: Study, run: Run) -> list[str]:
    return [domain for domain in study.domains if domain in run.id.domains]


def _mean_of_trained(study: Study, run: Run, other: Run) -> Effect | Blank:
    domains, compares = _trained(study, run), (run.label, other.label)
    if not domains:
        return Blank("not defined: no evaluated domain is trained", compares)

    def values(aligned: Aligned, part: int) -> FloatArray:
        return (aligned.scores(run) - aligned.scores(other)) / len(domains)

    return study.over_domains([(domain, [run, other]) for domain in domains], values, compares)


def _worst_cells(measurements: Measurements, pairs: Sequence[Pair]) -> list[Cell]:
    study = measurements.study
    measured = measurements.pooled(
        {
            (place, d, e): _gap(study, run, other, d, e)
            for place, (run, other) in enumerate(pairs)
            for d in _trained(study, run)
            for e in _trained(study, run)
        }
    )
    return [_worst_cell(measurements, run, other, place, measured) for place, (run, other) in enumerate(pairs)]


def _gap(study: Study, run: Run, other: Run, d: str, e: str) -> Effect | Blank:
    """Return the change of `run` from base on d minus that of `other` on e; on one domain the base cancels."""
    if d == e:
        return study.difference(run, other, d)
    base = study.base

    def values(aligned: Aligned, part: int) -> FloatArray:
        if part == 0:
            return aligned.scores(run) - aligned.scores(base)
        return aligned.scores(base) - aligned.scores(other)

    return study.over_domains([(d, [run, base]), (e, [other, base])], values, (run.label, other.label))


def _worst_cell(
    measurements: Measurements, run: Run, other: Run, place: int, measured: Mapping[tuple[int, str, str], Measured]
) -> Cell:
    domains, compares = _trained(measurements.study, run), (run.label, other.label)
    if not domains:
        return Cell(note="not defined: no evaluated domain is trained", compares=compares)
    rows: list[list[Estimate]] = []
    for d in domains:
        row = []
        for e in domains:
            found = measured[place, d, e]
            if isinstance(found, Blank):
                return Cell(note=found.note, compares=compares)
            if math.isnan(found.variance):
                return Cell(note=f"not defined: no interval on {d}", compares=compares)
            row.append(found)
        rows.append(row)
    worst = domains[min(range(len(domains)), key=lambda index: rows[index][0].value)]
    other_worst = domains[max(range(len(domains)), key=lambda index: rows[0][index].value)]
    note = f"worst is {worst}, under {other.label} {other_worst}"
    n_items = sum(rows[each][each].n_items for each in range(len(domains)))
    return measurements.difference_of_minima(rows, compares, n_items, note)


def planned(grid: Grid) -> Family:
    """Return the family of all strategies except the reference, on every evaluated domain."""
    return family_over_domains(sum(len(contest.others) for contest in contests(grid.book)), grid)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="strategy_effect",
            title="Strategies against joint",
            definition=(
                "R[a + b under the strategy, d] - R[a + b under joint, d] (under the first strategy listed where joint "
                f"was not run), paired by item and seed. {STRATEGY_COLUMNS}"
            ),
            source="ours",
            row_meaning="run",
            family=STRATEGY_FAMILY,
            section="main",
            question="Does a strategy end higher than joint, and on which domain?",
            hint=(
                "Blue: higher than joint on the column's domain. Hatched cells are ties; rows are in plan order, not "
                "ranked."
            ),
        ),
        compute=compute,
        rank=10,
        addresses=(Address("strategy_effect"),),
        planned=planned,
    ),
)
