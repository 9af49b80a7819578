"""Importing this makes warm-up and training of this process, and of its forks, do nothing."""

from __future__ import annotations

from xdomain.core.stage import StageContext, StageResult
from xdomain.train import base, run


def nothing(*arguments: object) -> StageResult:
    context = arguments[-1]
    assert isinstance(context, StageContext)
    (context.work / "nothing.txt").write_text("")
    return StageResult(finished=True, summary={})


base.run_base = nothing
run.run_train = nothing
