"""Relation of the domains' gradients under each strategy, from stored telemetry.

Values are means over steps within a seed, then over seeds, because the steps of one training are not independent runs.
They have no intervals, since they only describe the existing runs. Source: pairwise cosines as in MGS, 2602.02301; the
share is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xdomain.analysis.means import mean_of_known
from xdomain.analysis.result import StrategyGradients
from xdomain.analysis.runs import Run

Values = Mapping[str, float | None]


def strategy_gradients(run: Run) -> StrategyGradients:
    """Return the gradients of the last phase of a run, over all its seeds."""
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
    """Return one value per pair and step that has a cosine: 1 if it is negative, else 0."""
    return [float(value < 0) for cosine in measured for value in cosine.values() if value is not None]


def _means(by_seed: Sequence[Sequence[Values]]) -> dict[str, float | None]:
    """Return the mean of each key's values; None for a key without values."""
    keys = sorted({key for steps in by_seed for step in steps for key in step})
    return {key: mean_of_known(mean_of_known(step.get(key) for step in steps) for steps in by_seed) for key in keys}
