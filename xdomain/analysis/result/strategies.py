"""The strategies of one curriculum side by side: cost, gradients, and which runs are not beaten."""

from __future__ import annotations

from typing import Literal

from xdomain.analysis.matrix import Cell, ResultModel


class StrategyCost(ResultModel):
    """What one strategy cost in its last phase; means over seeds, null = not recorded. Ratios are to the reference."""

    run: str
    strategy: str
    seconds_per_step: float | None = None
    """Wall time on the machine that ran it, whatever else it did."""
    processor_seconds_per_step: float | None = None
    """Processor time without the rollout, which other work on the machine hardly changes; of a GPU's work it says
    little."""
    tokens_per_step: float | None = None
    displacement: float | None = None
    """Euclidean length of the change of all weights from the parent."""
    seconds_ratio: Cell
    processor_seconds_ratio: Cell = Cell()
    displacement_ratio: Cell
    """Geometric mean over seeds, t interval; empty for the reference itself."""
    moves: Literal["farther", "less far"] | None = None
    """Than the reference: the interval of `displacement_ratio` leaves out 1, and the ratio is beyond a tenth. Null
    where it is not shown."""
    matched: str | None = None
    """The joint arm that moves as far (within a tenth): what such a strategy has to be compared with."""


class StrategyGradients(ResultModel):
    """The domains' gradients in the last phase of a run; means over its steps, then over seeds, null = not recorded."""

    run: str
    steps: int
    """Steps that telemetry looked at, over all seeds."""
    cosine: dict[str, float | None]
    """Mean cosine of each pair "a|b" of gradients."""
    conflicting: float | None
    """Share of the measured cosines that are negative."""
    gradient_share: dict[str, float | None]
    """Part of each domain in the rollouts' sum of |advantage| x tokens; groups without variance add nothing to it."""


class StrategyComparison(ResultModel):
    """The strategies of one curriculum side by side, in plan order, not ranked."""

    curriculum: str
    reference: str
    """Label of the run that the others are compared with."""
    costs: tuple[StrategyCost, ...]
    gradients: tuple[StrategyGradients, ...] = ()
    """In the same order."""


class BestSet(ResultModel):
    """Which runs are not beaten on a domain, by multiple comparisons with the best (95% jointly)."""

    domain: str
    group: str
    """What is compared, "every curriculum" or "strategies for math + science"."""
    candidates: tuple[str, ...]
    not_beaten: tuple[str, ...]
    leading: str
    """The largest mean; not "the best" unless it stands alone in `not_beaten`."""
    margin: Cell
    """Leading minus the best of the others."""
