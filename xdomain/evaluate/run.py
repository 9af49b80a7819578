"""Evaluate checkpoints on domains. Each checkpoint is loaded once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import XDomainError
from xdomain.core.parquet import write_records
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.build import build_domain
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.evaluate.domain_run import evaluate_domain
from xdomain.evaluate.served import Served
from xdomain.generation.base import NonFiniteLogits
from xdomain.models.checkpoint import read_info
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.stage import EvaluateStage

Evaluated = tuple[EvaluateStage, StageResult | XDomainError]
"""A stage and its result, or the error that concerns only this stage."""


def run_evaluations(
    stages: Sequence[EvaluateStage], contexts: Sequence[StageContext], cache: BackendCache | None = None
) -> Iterator[Evaluated]:
    """Evaluate the checkpoint of each stage on its domain, and yield each result at once, so that it can be published.

    Stages of the same checkpoint should be adjacent. All stages use the engine that the first stage's settings ask for.
    A checkpoint whose logits are not finite, or a domain whose data cannot be read, fails only its own stages.

    Args:
        stages: The evaluations.
        contexts: Surroundings of each stage.
        cache: Cache that keeps the backend for the next call; None closes the backend at the end of this call.
    """
    backends = cache or BackendCache()
    served = Served(backends.backend(stages[0].settings, contexts[0].device))
    broken: dict[str, XDomainError] = {}
    try:
        for stage, context in zip(stages, contexts, strict=True):
            name = stage.checkpoint.name
            if name in broken:
                yield stage, broken[name]
                continue
            if context.stop_requested():
                yield stage, StageResult(finished=False, summary={})
                continue
            try:
                served.choose(_folder(stage, context), name)
                yield stage, _evaluate(served, stage, context)
            except NonFiniteLogits as error:
                broken[name] = advised(error, trained=stage.checkpoint.step > 0)
                yield stage, broken[name]
            except XDomainError as error:
                yield stage, error
    except Exception:
        with suppress(Exception):  # the first error is the one to report
            backends.close()  # its state is unknown after an error
        raise
    finally:
        if cache is None:
            backends.close()


def _folder(stage: EvaluateStage, context: StageContext) -> Path:
    """Return the checkpoint's folder, or the base model's if `grid gc` freed a checkpoint that is only rescored.

    All checkpoints of an experiment share the base model's tokenizer, so prompts are the same.
    """
    folder = checkpoint_folder(context.inputs[stage.checkpoint.stage], stage.checkpoint.step)
    if stage.base is not None and not folder.is_dir():
        return checkpoint_folder(context.inputs[stage.base.stage], stage.base.step)
    return folder


def _evaluate(served: Served, stage: EvaluateStage, context: StageContext) -> StageResult:
    domain = build_domain(stage.domain_entry)
    try:
        chat = read_info(served.checkpoint.folder).chat_template
        measured = evaluate_domain(served, domain, stage, context, chat=chat)
    finally:
        domain.close()
    if measured is None:
        return StageResult(finished=False, summary={})
    begun = time.perf_counter()
    write_records(context.work / "records.parquet", measured.records)
    summary = measured.summary | {"write_seconds": time.perf_counter() - begun}
    if stage.rescored:
        judged_by = verifier_in_words(domain.verifier_identity())
        summary |= {"judged_by": judged_by, "trained_under": dict(stage.trained_under)}
    return StageResult(finished=True, summary=summary)


def advised(error: NonFiniteLogits, *, trained: bool) -> NonFiniteLogits:
    """Return the error with advice on weights that are not finite, which depends on whether xdomain trained them."""
    advice = "Its training diverged: lower the learning rate." if trained else "Get the model's files again."
    return error if error.fix else NonFiniteLogits(error.what, fix=advice)
