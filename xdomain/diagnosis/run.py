"""Diagnose stages whose files and stored answers the caller has found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from transformers.utils import logging

from xdomain.core.errors import ConfigError
from xdomain.diagnosis.answers import batches_of
from xdomain.diagnosis.attribution import attribute
from xdomain.diagnosis.edits import measure_edits
from xdomain.diagnosis.inputs import DomainAnswers, StageFiles, Watch
from xdomain.diagnosis.line import SHARES, Line, Passes, divergence, scan
from xdomain.diagnosis.result import Diagnosis, DomainEffect
from xdomain.models.checkpoint import load_tokenizer, read_info


def run_diagnosis(
    stages: Sequence[StageFiles],
    answers: Sequence[Sequence[DomainAnswers]],
    *,
    share: float,
    points: int,
    resets: int,
    ranks: bool = False,
    watch: Watch,
) -> Diagnosis:
    """Measure the changes of the stages, and their effects on domains.

    Args:
        stages: Stages of one model.
        answers: Stored answers on each domain, one list per stage; [] measures only the weights.
        share: Share of a weight's rows that count as most changed.
        points: Number of points of the integrated gradients.
        resets: Number of modules that are reset one at a time.
        ranks: Whether to measure effective ranks of full weights too.
        watch: Callback for progress.

    Raises:
        ConfigError: The stages have different architectures or tokenizers, or quantised weights, or the prompts of a
            domain are not those that were answered.
    """
    logging.disable_progress_bar()
    edits, pairs = measure_edits(stages, share, lambda done, total: watch("edits", done, total), ranks=ranks)
    _require_same_tokenizer(stages)
    effects = [
        effect
        for stage, domains in zip(stages, answers, strict=False)
        for effect in _effects(stage, domains, points, resets, watch)
    ]
    return Diagnosis(edits, pairs, tuple(effects))


def _effects(
    stage: StageFiles, domains: Sequence[DomainAnswers], points: int, resets: int, watch: Watch
) -> Iterator[DomainEffect]:
    """Yield the effect of a stage on each domain. The stage's models are loaded once."""
    if not domains:
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer, chat = load_tokenizer(stage.end), read_info(stage.end).chat_template
    line = Line(stage.end, stage.parent, device)
    vocabulary = line.model.get_input_embeddings().weight.shape[0]
    for each in domains:
        right, sampled = (
            batches_of(part, tokenizer, chat=chat, vocabulary=vocabulary, device=device)
            for part in (each.right, each.sampled)
        )
        planned = len(SHARES) + 2 + points + min(resets, len(line.modules))
        passes = Passes(planned * len(right) + len(sampled), partial(watch, f"{stage.title}: {each.domain}"))
        yield DomainEffect(
            stage=stage.title,
            domain=each.domain,
            accuracy_before=each.accuracy_before,
            accuracy_after=each.accuracy_after,
            right_completions=len(each.right),
            divergence=divergence(line, sampled, each.temperature, passes) if sampled else None,
            line=scan(line, right, passes),
            attribution=attribute(line, right, points, resets, passes),
        )


def _require_same_tokenizer(stages: Sequence[StageFiles]) -> None:
    first, *others = stages
    vocabulary = load_tokenizer(first.end).get_vocab() if others else {}
    for stage in others:
        if load_tokenizer(stage.end).get_vocab() != vocabulary:
            raise ConfigError(
                f'has another tokenizer than "{first.title}".',
                where=stage.title,
                fix="Name stages that were trained from the same base model.",
            )
