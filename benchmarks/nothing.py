"""Replace warm-up and training by nothing, in this process and its forks, when this module is imported."""

from __future__ import annotations

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext, StageResult
from xdomain.plan.stage import TrainStage
from xdomain.worker import tasks


def nothing(*arguments: object) -> StageResult:
    context = arguments[-1]
    assert isinstance(context, StageContext)
    stage = arguments[-2]
    end = checkpoint_folder(context.work, stage.steps if isinstance(stage, TrainStage) else 0)
    end.mkdir(parents=True)
    (end / "nothing.txt").write_text("")
    return StageResult(finished=True, summary={})


tasks.run_base = nothing
tasks.run_train = nothing
