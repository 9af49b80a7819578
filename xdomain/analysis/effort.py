"""What each run cost, to stand beside every comparison."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from xdomain.analysis.result import RunEffort
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.plan.measurement import EvaluatedCheckpoint

AMOUNTS = ("steps", "prompts", "completion_tokens", "informative_groups", "seconds")


def efforts(study: Study) -> dict[str, RunEffort]:
    """Effort by run label: planned runs and every run that serves as a parent."""
    return {run.label: _effort(run) for run in study.book}


def _effort(run: Run) -> RunEffort:
    if run.id.is_base:
        spent = dict.fromkeys(AMOUNTS, 0)
        return unmeasured_effort(run).model_copy(update=spent | {"checkpoints": _names(run)})
    ends = list(run.ends.values())
    means = {name: _mean(ends, name) for name in AMOUNTS}
    return unmeasured_effort(run).model_copy(update=means | {"checkpoints": _names(run)})


def unmeasured_effort(run: Run) -> RunEffort:
    """What a run is, without what it cost."""
    return RunEffort(
        curriculum=str(run.id.curriculum or run.label),
        strategy=run.id.strategy,
        phases=tuple(map(str, run.id.phases)),
        parent=None if run.parent is None else str(run.parent),
        checkpoints={},
    )


def _names(run: Run) -> dict[str, str]:
    return {"" if end.seed is None else str(end.seed): end.checkpoint for end in run.ends.values()}


def _mean(ends: Sequence[EvaluatedCheckpoint], name: str) -> float | None:
    values = [getattr(end.effort, name) for end in ends]
    return None if not values or any(value is None for value in values) else fmean(values)
