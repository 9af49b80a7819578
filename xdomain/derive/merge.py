"""The stage that merges checkpoints."""

from __future__ import annotations

import time
from pathlib import Path

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext, StageResult
from xdomain.derive.dev_choice import choose_on_dev
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.models.merge_recipe import MergeRecipe
from xdomain.models.merging import MergeSizes, merge_checkpoints
from xdomain.plan.merges import SCALES
from xdomain.plan.stage import MergeStage


def run_merge(stage: MergeStage, context: StageContext, cache: BackendCache | None = None) -> StageResult:
    """Write `checkpoints/step-000000`, the merge of the stage's inputs.

    Raises:
        StageError: An input has another architecture or tokenizer, a merged weight is not finite, or a domain has no
            dev items to choose a scale on.
    """
    begun = time.perf_counter()
    titles = [str(curriculum) for curriculum in stage.curriculum.inner]
    folders = [checkpoint_folder(context.inputs[ref.stage], ref.step) for ref in stage.inputs]
    base = checkpoint_folder(context.inputs[stage.base.stage], stage.base.step)

    def proceed(done: int, total: int) -> bool:
        context.reporter.progress(done, total)
        return not context.stop_requested()

    written: dict[float, MergeSizes] = {}

    def write(scale: float, folder: Path) -> bool:
        weights = tuple(scale * weight for weight in stage.weights)
        recipe = MergeRecipe(weights, stage.method, stage.density, context.seed)
        sizes = merge_checkpoints(base, dict(zip(titles, folders, strict=True)), recipe, folder, proceed)
        if sizes is None:
            return False
        written[scale] = sizes
        return True

    target = checkpoint_folder(context.work, stage.end.step)
    if stage.dev:
        choice = choose_on_dev(SCALES, write, stage.dev, target, context, cache)
        if choice is None:
            return StageResult(finished=False, summary={})
        summary = written[choice.value].summary() | choice.summary()
    elif write(1.0, target):
        summary = written[1.0].summary()
    else:
        return StageResult(finished=False, summary={})
    lengths = ", ".join(f"{title} {length:.3g}" for title, length in zip(titles, summary["task_vectors"], strict=True))
    print(f"task vectors: {lengths}; their merge: {summary['displacement']:.3g}", flush=True)
    if summary["lost_share"]:
        print(f"rounding to the checkpoint's dtype lost {summary['lost_share']:.2%} of the merge", flush=True)
    return StageResult(finished=True, summary={"steps": 0, "seconds": time.perf_counter() - begun, **summary})
