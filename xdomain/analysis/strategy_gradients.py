"""How the domains' gradients lay to one another under each strategy, from what telemetry stored.

Means over steps within a seed, then over seeds: steps of one training are no independent runs. Without intervals: a
description of the runs there are. Source: pairwise cosines as in MGS, 2602.02301; the share is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdomain.analysis.means import mean_of_known
from xdomain.analysis.result import StrategyGradients
from xdomain.analysis.runs import Run

Values = Mapping[str, float | None]


def strategy_gradients(run: Run) -> StrategyGradients:
    """Of the last phase of a run, over all its seeds."""
    by_seed = [end.telemetry for end in run.ends.values()]
    cosines = [[step.cosine for step in steps if step.cosine] for steps in by_seed]
    return StrategyGradients(
        run=run.label,
        steps=sum(len(measured) for measured in cosines),
        cosine=_means(cosines),
        conflicting=mean_of_known(mean_of_known(_conflicts(measured)) for measured in cosines),
        gradient_share=_means([[step.gradient_share for step in steps] for steps in by_seed]),
    )


def _conflicts(measured: Iterable[Values]) -> list[float]:
    """1 for each pair at each step whose cosine is negative, 0 for each other one that has a cosine."""
    return [float(value < 0) for cosine in measured for value in cosine.values() if value is not None]


def _means(by_seed: Sequence[Sequence[Values]]) -> dict[str, float | None]:
    """Mean of each key's values; None where it has none."""
    keys = sorted({key for steps in by_seed for step in steps for key in step})
    return {key: mean_of_known(mean_of_known(step.get(key) for step in steps) for steps in by_seed) for key in keys}
