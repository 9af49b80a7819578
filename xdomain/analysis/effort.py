"""What each run cost, to stand beside every comparison."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from xdomain.analysis.result import RunEffort
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.core.measurement import EvaluatedCheckpoint


def efforts(study: Study) -> dict[str, RunEffort]:
    """Effort by run label: planned runs and every run that serves as a parent."""
    return {run.label: _effort(run) for run in study.book.runs.values()}


def _effort(run: Run) -> RunEffort:
    if run.is_base:
        name = {"": next(iter(run.ends.values())).checkpoint} if run.ends else {}
        return RunEffort(
            steps=0,
            prompts=0,
            completion_tokens=0,
            informative_groups=0,
            seconds=0,
            curriculum=run.curriculum,
            checkpoints=name,
        )
    ends = [run.ends[seed] for seed in sorted(run.ends)]
    return RunEffort(
        steps=_mean(ends, "steps"),
        prompts=_mean(ends, "prompts"),
        completion_tokens=_mean(ends, "completion_tokens"),
        informative_groups=_mean(ends, "informative_groups"),
        seconds=_mean(ends, "seconds"),
        curriculum=run.curriculum,
        strategy=run.strategy,
        checkpoints={str(seed): run.ends[seed].checkpoint for seed in sorted(run.ends)},
    )


def _mean(ends: Sequence[EvaluatedCheckpoint], name: str) -> float | None:
    values = [getattr(end.effort, name) for end in ends]
    return None if not values or any(value is None for value in values) else fmean(values)
