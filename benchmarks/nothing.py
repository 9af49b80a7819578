"""Importing this makes warm-up and training of this process, and of its forks, do nothing."""

from __future__ import annotations

from xdomain.core.stage import StageContext, StageResult
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.plan.spec import TrainSpec
from xdomain.train import base, run


def nothing(*arguments: object) -> StageResult:
    context = arguments[-1]
    assert isinstance(context, StageContext)
    spec = arguments[-2]
    end = checkpoint_folder(context.work, spec.steps if isinstance(spec, TrainSpec) else 0)
    end.mkdir(parents=True)
    (end / "nothing.txt").write_text("")
    return StageResult(finished=True, summary={})


base.run_base = nothing
run.run_train = nothing
