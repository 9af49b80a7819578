"""One checkpoint on one domain: generate, score beside it, make records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xdomain.config.backend import EndpointLimits
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.records import ItemRecord
from xdomain.core.stage import StageContext
from xdomain.domains.base import Domain, Item
from xdomain.domains.draw import choose_items
from xdomain.evaluate.journal import Answers, Journal
from xdomain.evaluate.prompts import Prompts, prepare
from xdomain.evaluate.scoring import Scorer
from xdomain.generation.base import Backend, Checkpoint, FinishReason, Sampling


@dataclass(frozen=True)
class Measurement:
    """What an evaluation leaves: records item by item, and small totals. None in place of it: stopped on request."""

    records: list[ItemRecord]
    summary: dict[str, Any]


def evaluate_domain(
    backend: Backend,
    checkpoint: Checkpoint,
    domain: Domain,
    evaluation: EvaluationConfig,
    context: StageContext,
    *,
    chat: bool,
    max_tokens: int,
    stage_key: str,
) -> Measurement | None:
    """Answer and judge every item; goes on where a killed run was; None if it was asked to stop."""
    begun = time.perf_counter()
    items = choose_items(domain, evaluation)
    prompts = prepare(
        items, checkpoint, chat=chat, domain=domain.name, seed=evaluation.seed, samples=evaluation.samples
    )
    sampling = Sampling(max_tokens, evaluation.temperature, evaluation.top_p, domain.stop)
    prepared = time.perf_counter()
    journal = Journal(context.scratch, prompts.hashes)
    resumed = len(journal.found)
    try:
        with Scorer(domain, items, prompts.opened, journal) as scorer:
            done = resumed
            for place, completions in backend.generate(prompts.requests, sampling, frozenset(journal.found)):
                scorer.add(place, completions)
                done += 1
                context.reporter.progress(done, len(items))
                if context.stop_requested():
                    break
            generated = time.perf_counter()
    finally:
        journal.close()
    if len(scorer.answers) < len(items):
        return None
    answers = [scorer.answers[place] for place in range(len(items))]
    ended = time.perf_counter()
    events = backend.events()
    for event in events:
        context.reporter.event("generation", message=event)
    records = make_records(items, prompts, answers, backend, domain, checkpoint.name, stage_key)
    seconds = {
        "prepare_seconds": prepared - begun,
        "generate_seconds": generated - prepared,
        "score_seconds": scorer.seconds,
        "wait_for_scores_seconds": ended - generated,
    }
    return Measurement(
        records,
        totals(answers, evaluation)
        | {"items": len(items), "samples": evaluation.samples, "resumed_items": resumed}
        | {"backend": backend.name, "reproducibility": backend.reproducibility, "chat_template": prompts.template}
        | {"events": events}
        | seconds,
    )


def make_records(
    items: Sequence[Item],
    prompts: Prompts,
    answers: Sequence[Answers],
    backend: Backend,
    domain: Domain,
    checkpoint: str,
    stage_key: str,
) -> list[ItemRecord]:
    return [
        ItemRecord(
            stage_key=stage_key,
            checkpoint=checkpoint,
            domain=domain.name,
            item_id=item.id,
            cluster_id=item.cluster_id or item.id,
            sample=sample,
            prompt_hash=prompts.hashes[place],
            completion=completion.text,
            answer=verdict.answer,
            gold=item.gold,
            score=verdict.score,
            outcome=verdict.outcome,
            reason=verdict.reason,
            completion_tokens=completion.tokens,
            finish_reason=completion.finish_reason,
            mean_entropy=completion.mean_entropy,
            scorer=domain.scorer,
            seed=prompts.requests[place].seeds[sample],
            prompt_tokens=completion.prompt_tokens,
            backend=backend.name,
            reproducibility=backend.reproducibility,
            prefill=prompts.opened[place],
        )
        for place, item in enumerate(items)
        for sample, (completion, verdict) in enumerate(
            zip(answers[place].completions, answers[place].verdicts, strict=True)
        )
    ]


def totals(answers: Sequence[Answers], evaluation: EvaluationConfig) -> dict[str, Any]:
    """Tokens, reasons for which completions ended, and what an endpoint charged."""
    flat = [completion for group in answers for completion in group.completions]
    reasons = Counter(str(completion.finish_reason) for completion in flat)
    prompt_tokens = sum_known([completion.prompt_tokens for completion in flat])
    completion_tokens = sum_known([completion.tokens for completion in flat])
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "finish_reasons": dict(sorted(reasons.items())),
        "truncated_share": reasons[FinishReason.LENGTH] / len(flat) if flat else None,
        "usd": usd(evaluation.endpoint, prompt_tokens, completion_tokens),
    }


def sum_known(counts: Sequence[int | None]) -> int | None:
    """Their sum; None if one is unknown."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def usd(limits: EndpointLimits, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
    """What the tokens cost; None where a price or a count is unknown."""
    prompt_price, completion_price = limits.usd_per_million_prompt_tokens, limits.usd_per_million_completion_tokens
    if prompt_price is None or completion_price is None or prompt_tokens is None or completion_tokens is None:
        return None
    return (prompt_tokens * prompt_price + completion_tokens * completion_price) / 1e6
