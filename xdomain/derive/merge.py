"""The stage that merges checkpoints."""

from __future__ import annotations

import time

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext, StageResult
from xdomain.models.merge_recipe import MergeRecipe
from xdomain.models.merging import merge_checkpoints
from xdomain.plan.stage import MergeStage


def run_merge(stage: MergeStage, context: StageContext) -> StageResult:
    """Write `checkpoints/step-000000`, the merge of the stage's inputs.

    Raises:
        StageError: An input has another architecture or tokenizer, or a merged weight is not finite.
    """
    begun = time.perf_counter()
    titles = [str(curriculum) for curriculum in stage.curriculum.inner]
    folders = [checkpoint_folder(context.inputs[ref.stage], ref.step) for ref in stage.inputs]
    base = checkpoint_folder(context.inputs[stage.base.stage], stage.base.step)

    def proceed(done: int, total: int) -> bool:
        context.reporter.progress(done, total)
        return not context.stop_requested()

    recipe = MergeRecipe(stage.weights, stage.method, stage.density, context.seed)
    target = checkpoint_folder(context.work, stage.end.step)
    sizes = merge_checkpoints(base, dict(zip(titles, folders, strict=True)), recipe, target, proceed)
    if sizes is None:
        return StageResult(finished=False, summary={})
    summary = sizes.summary()
    lengths = ", ".join(f"{title} {length:.3g}" for title, length in zip(titles, summary["task_vectors"], strict=True))
    print(f"task vectors: {lengths}; their merge: {summary['displacement']:.3g}", flush=True)
    if summary["lost_share"]:
        print(f"rounding to the checkpoint's dtype lost {summary['lost_share']:.2%} of the merge", flush=True)
    return StageResult(finished=True, summary={"steps": 0, "seconds": time.perf_counter() - begun, **summary})
