"""Cost of a strategy compared with its reference: seconds and tokens per step, and the movement of the weights.

Ratios are taken within seeds and averaged as logarithms, with a t interval over seeds. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import fmean, stdev
from typing import Literal

from xdomain.analysis.inference import t_quantile
from xdomain.analysis.means import mean_of_known
from xdomain.analysis.result import Cell, StrategyComparison, StrategyCost
from xdomain.analysis.runs import Run, Seed
from xdomain.analysis.strategies import Contest, contests
from xdomain.analysis.strategy_gradients import strategy_gradients
from xdomain.analysis.study import Study
from xdomain.config.run_id import is_joint
from xdomain.plan.measurement import Effort

ALIKE = 1.1
"""Two runs move the weights equally far if neither moves them more than this factor farther."""


def strategy_costs(study: Study) -> tuple[StrategyComparison, ...]:
    """Return the cost of every strategy of each curriculum that was run with several."""
    return tuple(
        StrategyComparison(
            curriculum=str(contest.curriculum),
            reference=contest.reference.label,
            costs=tuple(_cost(study, contest, run) for run in contest.runs),
            gradients=tuple(strategy_gradients(run) for run in contest.runs),
        )
        for contest in contests(study.book)
    )


def matched_pairs(study: Study) -> list[tuple[Run, Run]]:
    """Return each run that moves unlike its reference, paired with the joint run that moves as far, if there is one."""
    found = [(run, _matched(contest, run)) for contest in contests(study.book) for run in contest.runs]
    return [(run, arm) for run, arm in found if arm is not None]


def _cost(study: Study, contest: Contest, run: Run) -> StrategyCost:
    reference = contest.reference
    is_reference = run is reference
    seconds = per_step(study, run, lambda effort: effort.seconds)
    base_seconds = per_step(study, reference, lambda effort: effort.seconds)
    processor, base_processor = (
        per_step(study, each, lambda effort: effort.update_processor_seconds) for each in (run, reference)
    )
    tokens = per_step(study, run, lambda effort: effort.completion_tokens)
    arm = _matched(contest, run)
    return StrategyCost(
        run=run.label,
        strategy=run.id.strategy or "",
        seconds_per_step=mean_of_known(seconds.values()),
        processor_seconds_per_step=mean_of_known(processor.values()),
        tokens_per_step=mean_of_known(tokens.values()),
        displacement=mean_of_known(displacements(run).values()),
        seconds_ratio=Cell() if is_reference else ratio_cell(seconds, base_seconds, run, reference),
        processor_seconds_ratio=Cell() if is_reference else ratio_cell(processor, base_processor, run, reference),
        displacement_ratio=displacement_ratio(contest, run),
        moves=_moves(displacement_ratio(contest, run)),
        matched=arm.label if arm is not None else None,
    )


def displacement_ratio(contest: Contest, run: Run) -> Cell:
    """Return the movement of the weights as a multiple of the reference's; empty for the reference."""
    if run is contest.reference:
        return Cell()
    return ratio_cell(displacements(run), displacements(contest.reference), run, contest.reference)


def _moves(ratio: Cell) -> Literal["farther", "less far"] | None:
    if ratio.estimate is None or ratio.low is None or ratio.high is None:
        return None
    if abs(math.log(ratio.estimate)) <= math.log(ALIKE) or ratio.low <= 1 <= ratio.high:
        return None
    return "farther" if ratio.low > 1 else "less far"


def displacements(run: Run) -> dict[Seed, float]:
    """Return the displacement of each seed; empty if it was not recorded."""
    return {seed: end.displacement for seed, end in run.ends.items() if end.displacement}


def per_step(study: Study, run: Run, amount: Callable[[Effort], float | None]) -> dict[Seed, float]:
    """Return an amount of the last phase divided by its steps, keyed by seed."""
    parent = study.book.parent(run)
    found = {}
    for seed, end in run.ends.items():
        before = parent.ends[seed].effort if seed in parent.ends else Effort()
        spent, spent_before = amount(end.effort), amount(before)
        steps = (end.effort.steps or 0) - (before.steps or 0)
        if spent is not None and spent_before is not None and steps > 0:
            found[seed] = (spent - spent_before) / steps
    return found


def ratio_cell(first: Mapping[Seed, float], second: Mapping[Seed, float], run: Run, other: Run) -> Cell:
    """Return the geometric mean over common seeds of first / second."""
    compares = (run.label, other.label)
    logs = [math.log(first[seed] / second[seed]) for seed in first if seed in second and first[seed] * second[seed] > 0]
    if not logs:
        return Cell(note="not recorded", compares=compares)
    centre, n = fmean(logs), len(logs)
    if n == 1:
        return Cell(
            estimate=math.exp(centre),
            n_seeds=1,
            speaks_of="these checkpoints",
            compares=compares,
            note="no interval: one seed",
        )
    reach = t_quantile(0.975, n - 1) * stdev(logs) / math.sqrt(n)
    return Cell(
        estimate=math.exp(centre),
        low=math.exp(centre - reach),
        high=math.exp(centre + reach),
        n_seeds=n,
        speaks_of="the recipe",
        compares=compares,
    )


def _matched(contest: Contest, run: Run) -> Run | None:
    """Return the joint run whose weights move nearly as far as this run's, the nearest one.

    It is None for a run that moves like joint.
    """
    if is_joint(run.id.strategy) or _moves(displacement_ratio(contest, run)) is None:
        return None
    gaps: list[tuple[float, Run]] = []
    for arm in contest.runs:
        ratio = ratio_cell(displacements(run), displacements(arm), run, arm).estimate
        if is_joint(arm.id.strategy) and ratio is not None and abs(math.log(ratio)) <= math.log(ALIKE):
            gaps.append((abs(math.log(ratio)), arm))
    return min(gaps, key=lambda gap: gap[0])[1] if gaps else None
