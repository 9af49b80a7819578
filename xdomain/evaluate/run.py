"""Evaluate checkpoints on domains with one backend; each checkpoint is loaded once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from xdomain.config.experiment import Experiment
from xdomain.core.errors import XDomainError
from xdomain.core.parquet import write_records
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.build import build_domains
from xdomain.evaluate.domain_run import evaluate_domain
from xdomain.evaluate.kept import KeptBackend, serving
from xdomain.evaluate.served import Served
from xdomain.generation.base import NonFiniteLogits
from xdomain.models.checkpoint import read_info
from xdomain.models.layout import checkpoint_folder
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.identity import completion_tokens
from xdomain.plan.pass_rate import pass_rate_settings
from xdomain.plan.spec import EvaluateSpec

Evaluated = tuple[EvaluateSpec, StageResult | XDomainError]
"""A spec and its result, or why it has none though others may."""


def run_evaluations(
    experiment: Experiment,
    specs: Sequence[EvaluateSpec],
    contexts: Sequence[StageContext],
    kept: KeptBackend | None = None,
) -> Iterator[Evaluated]:
    """Evaluate the checkpoint of each spec on its domain; yields as each is done, so that it can be published.

    Specs of one checkpoint should stand together. A checkpoint that gives logits that are not finite, or a domain
    whose data is unreadable, fails its own specs alone.

    Args:
        kept: where the process keeps its backend for the next call; None closes it at the end of this one.
    """
    backends = kept or KeptBackend()
    backend = backends.backend(serving(experiment), contexts[0].device)
    served = Served(backend)
    broken: dict[str, XDomainError] = {}
    try:
        for spec, context in zip(specs, contexts, strict=True):
            name = f"{spec.checkpoint_stage}@{spec.checkpoint_step}"
            if name in broken:
                yield spec, broken[name]
                continue
            if context.stop_requested():
                yield spec, StageResult(finished=False, summary={})
                continue
            try:
                served.choose(_folder(spec, context), name)
                yield spec, _evaluate(served, experiment, spec, context)
            except NonFiniteLogits as error:
                broken[name] = advised(error, trained=spec.checkpoint_step > 0)
                yield spec, broken[name]
            except XDomainError as error:
                yield spec, error
    except Exception:
        with suppress(Exception):  # the error that was first is the one to tell
            backends.close()  # nobody knows what state it is in
        raise
    finally:
        if kept is None:
            backends.close()


def _folder(spec: EvaluateSpec, context: StageContext) -> Path:
    """Return the checkpoint's folder, or the base model's if `grid gc` freed a checkpoint that is only rescored.

    All checkpoints of an experiment share the base model's tokenizer, so prompts are the same.
    """
    folder = checkpoint_folder(context.inputs[spec.checkpoint_stage], spec.checkpoint_step)
    if spec.rescored and not folder.is_dir():
        return checkpoint_folder(list(context.inputs.values())[-1], 0)
    return folder


def _evaluate(served: Served, experiment: Experiment, spec: EvaluateSpec, context: StageContext) -> StageResult:
    domain = build_domains(experiment.domains, [spec.domain])[spec.domain]
    paced = spec.of == "pass_rate"
    try:
        measured = evaluate_domain(
            served,
            domain,
            pass_rate_settings(experiment) if paced else experiment.evaluation,
            context,
            chat=read_info(served.checkpoint.folder).chat_template,
            max_tokens=experiment.training.max_completion_tokens if paced else completion_tokens(experiment),
            stage_key=spec.key,
            generates=not spec.rescored,
        )
    finally:
        domain.close()
    if measured is None:
        return StageResult(finished=False, summary={})
    begun = time.perf_counter()
    write_records(context.work / "records.parquet", measured.records)
    summary = measured.summary | {"write_seconds": time.perf_counter() - begun}
    if spec.rescored:
        judged_by = verifier_in_words(domain.verifier_identity())
        summary |= {"judged_by": judged_by, "trained_under": dict(spec.trained_under)}
    return StageResult(finished=True, summary=summary)


def advised(error: NonFiniteLogits, *, trained: bool) -> NonFiniteLogits:
    """The error with what to do about weights that are not finite, which depends on who made them."""
    advice = "Its training diverged: lower the learning rate." if trained else "Get the model's files again."
    return error if error.fix else NonFiniteLogits(error.what, fix=advice)
