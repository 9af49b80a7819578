"""Numbers about the course of a run: what happens to a domain in later phases, and gains over steps."""

from __future__ import annotations

from xdomain.analysis.matrix import Cell, ResultModel


class DamageOnset(ResultModel):
    """The steps between which a domain began to get worse, counted from the base model.

    It is the change point of the accuracy over the saved checkpoints. The 95% interval resamples the items of these
    checkpoints, so it does not cover a re-run of training.
    """

    after: int
    """Last checkpoint before the change point."""
    by: int
    """First checkpoint after it."""
    low: int
    """Lower end of the interval: a checkpoint after which the damage began."""
    high: int
    """Upper end: a checkpoint by which it had begun."""


class LaterCourse(ResultModel):
    """Accuracy of a domain after the last phase that trained it, or since the base model if no phase did."""

    run: str
    domain: str
    since: str
    """Run whose end is the reference: that of the last phase that trained the domain, or the base model."""
    checkpoints: int
    """Number of saved checkpoints after the reference."""
    lowest: Cell
    """Change from the reference to the lowest of these checkpoints; interval and p are corrected for the choice."""
    lowest_step: int | None = None
    """Steps from the base model to that checkpoint."""
    window: int
    """Number of consecutive checkpoints in a window."""
    lowest_window: Cell
    """Change from the reference to the lowest mean of a window, corrected in the same way."""
    end: Cell
    """Change from the reference to the end of the run."""
    onset: DamageOnset | None = None
    """Null unless the lowest change is shown to be below 0."""


class StepsToTarget(ResultModel):
    """Steps of the last phase of a run until a trained domain reaches the end of its single run."""

    run: str
    domain: str
    target: str
    """The single run."""
    step: int | None = None
    """Steps of the phase at the first saved checkpoint that is not below the target; null if there is none."""
    earliest: int | None = None
    """First checkpoint whose 95% interval of the paired difference reaches 0; null if there is none."""
    latest: int | None = None
    """First checkpoint whose interval is not below 0 anywhere; null if there is none."""


class GainsAtStep(ResultModel):
    """Gains of a single run over the base model at one saved checkpoint, in and out of its domain."""

    run: str
    step: int
    inside: Cell
    """Change on the trained domain."""
    outside: Cell
    """Mean change on the other domains."""


class Course(ResultModel):
    """Numbers about the course of runs. Intervals are 95% and cover the same as those of the matrices."""

    later: tuple[LaterCourse, ...] = ()
    steps_to_target: tuple[StepsToTarget, ...] = ()
    gains: tuple[GainsAtStep, ...] = ()
