"""Cost of each run, which reports show with every comparison."""

from __future__ import annotations

from xdomain.analysis.means import mean_if_all_known
from xdomain.analysis.result import RunEffort
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study

AMOUNTS = ("steps", "prompts", "completion_tokens", "informative_groups", "seconds")


def efforts(study: Study) -> dict[str, RunEffort]:
    """Return the effort of planned runs and of every run that serves as a parent, keyed by label."""
    return {run.label: _effort(run) for run in study.book}


def _effort(run: Run) -> RunEffort:
    if run.id.is_base:
        spent = dict.fromkeys(AMOUNTS, 0)
        return unmeasured_effort(run).model_copy(update=spent | {"checkpoints": _names(run)})
    ends = run.ends.values()
    means = {name: mean_if_all_known(getattr(end.effort, name) for end in ends) for name in AMOUNTS}
    return unmeasured_effort(run).model_copy(update=means | {"checkpoints": _names(run)})


def unmeasured_effort(run: Run) -> RunEffort:
    """Return the description of a run without its cost."""
    return RunEffort(
        curriculum=str(run.id.curriculum or run.label),
        strategy=run.id.strategy,
        phases=tuple(map(str, run.id.phases)),
        parent=None if run.parent is None else str(run.parent),
        checkpoints={},
    )


def _names(run: Run) -> dict[str, str]:
    return {"" if end.seed is None else str(end.seed): end.checkpoint for end in run.ends.values()}
