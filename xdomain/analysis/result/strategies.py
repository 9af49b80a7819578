"""Comparison of the strategies of one curriculum: cost, gradients, and the runs that are not beaten."""

from __future__ import annotations

from typing import Literal

from xdomain.analysis.matrix import Cell, ResultModel


class StrategyCost(ResultModel):
    """Cost of one strategy in its last phase, as means over seeds.

    Ratios are to the reference; null means not recorded.
    """

    run: str
    strategy: str
    seconds_per_step: float | None = None
    """Wall time on the machine that ran it, including the effect of other load."""
    processor_seconds_per_step: float | None = None
    """Processor time without the rollout, which other load hardly changes. It does not measure a GPU's work."""
    tokens_per_step: float | None = None
    displacement: float | None = None
    """Euclidean length of the change of all weights from the parent checkpoint."""
    seconds_ratio: Cell
    processor_seconds_ratio: Cell = Cell()
    displacement_ratio: Cell
    """Geometric mean over seeds with a t interval; empty for the reference."""
    moves: Literal["farther", "less far"] | None = None
    """Direction in which the weights' movement differs from the reference's; null if no difference is shown.

    A difference is shown if the interval of `displacement_ratio` excludes 1 and the ratio differs by more than a tenth.
    """
    matched: str | None = None
    """The joint run whose weights move as far (within a tenth), which such a strategy must be compared with."""


class StrategyGradients(ResultModel):
    """Gradients of the domains in the last phase of a run, as means over steps, then over seeds.

    Null means not recorded.
    """

    run: str
    steps: int
    """Number of steps that telemetry observed, over all seeds."""
    cosine: dict[str, float | None]
    """Mean cosine of each pair "a|b" of gradients."""
    conflicting: float | None
    """Share of the measured cosines that are negative."""
    gradient_share: dict[str, float | None]
    """Share of each domain in the rollouts' sum of |advantage| x tokens. Groups without variance add nothing to it."""


class StrategyComparison(ResultModel):
    """Comparison of the strategies of one curriculum, in plan order, not ranked."""

    curriculum: str
    reference: str
    """Label of the run that the others are compared with."""
    costs: tuple[StrategyCost, ...]
    gradients: tuple[StrategyGradients, ...] = ()
    """Gradients in the same order."""


class BestSet(ResultModel):
    """The runs that are not beaten on a domain, by multiple comparisons with the best (95% jointly)."""

    domain: str
    group: str
    """Name of the compared set, such as "every curriculum" or "strategies for math + science"."""
    candidates: tuple[str, ...]
    not_beaten: tuple[str, ...]
    leading: str
    """Run with the largest mean; it is "the best" only if `not_beaten` contains no other run."""
    margin: Cell
    """Leading run minus the best of the others."""
