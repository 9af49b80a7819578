"""Evaluate one checkpoint on one domain: reuse stored completions, generate the rest, judge them, make records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from xdomain.config.backend import EndpointLimits
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import StageError
from xdomain.core.records import ItemRecord
from xdomain.core.stage import StageContext
from xdomain.core.states import NoteKind
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.draw import choose_items
from xdomain.evaluate.borrowed import Borrowed, Missing
from xdomain.evaluate.journal import Answers, Journal
from xdomain.evaluate.prompts import Prompts, prepare
from xdomain.evaluate.scoring import Scorer
from xdomain.evaluate.served import Served
from xdomain.generation.base import Answered, Backend, FinishReason, Sampling
from xdomain.plan.stage import EvaluateStage


@dataclass(frozen=True)
class Measurement:
    """Result of one evaluation: one record per item, and totals."""

    records: list[ItemRecord]
    summary: dict[str, Any]


def evaluate_domain(
    served: Served, domain: Domain, stage: EvaluateStage, context: StageContext, *, chat: bool
) -> Measurement | None:
    """Answer and judge every item, and return the result, or None if asked to stop. Continue a killed attempt.

    Args:
        served: The backend and its checkpoint, which is loaded only if something has to be generated.
        domain: Domain whose items are answered.
        stage: The evaluation. If it is rescored, all completions have to be stored already.
        context: Surroundings of the stage.
        chat: Whether prompts go through the chat template.

    Raises:
        StageError: The stage is rescored and completions are missing.
        StoreError: Stored evaluations disagree.
    """
    begun = time.perf_counter()
    backend, checkpoint, evaluation = served.backend, served.checkpoint, stage.settings
    items = choose_items(domain, evaluation, Split(stage.split))
    prompts = prepare(
        items, checkpoint, chat=chat, domain=domain.name, seed=evaluation.seed, samples=evaluation.samples
    )
    sampling = Sampling(evaluation.completion_tokens, evaluation.temperature, evaluation.top_p, domain.stop)
    borrowed = Borrowed(items, prompts, context.lenders)
    missing = borrowed.missing()
    if missing and stage.rescored:
        raise _would_generate(items[missing[0].places[0]], sum(len(each.places) for each in missing))
    prepared = time.perf_counter()
    journal = Journal(context.scratch, prompts.hashes)
    resumed = len(journal.found.keys() - set(borrowed.whole))
    try:
        with Scorer(domain, items, prompts.opened, journal) as scorer:
            at_hand = journal.found.keys()
            for place in borrowed.whole:
                if place not in at_hand:
                    scorer.add(place, *borrowed.complete(place, ()))
            ready = resumed + len(borrowed.whole)
            context.reporter.progress(ready, len(items))  # rates count from here; a batch ends for many items at once
            generating = _answered(served, missing, sampling, at_hand)
            for done, (place, completions) in enumerate(generating, ready + 1):
                scorer.add(place, *borrowed.complete(place, completions))
                context.reporter.progress(done, len(items))
                if context.stop_requested():
                    break
            generated = time.perf_counter()
    finally:
        journal.close()
    if len(scorer.answers) < len(items):
        return None
    answers = [scorer.answers[place] for place in range(len(items))]
    seconds = {
        "prepare_seconds": prepared - begun,
        "generate_seconds": generated - prepared,
        "score_seconds": scorer.seconds,
        "wait_for_scores_seconds": time.perf_counter() - generated,
    }
    counts = {"items": len(items), "samples": evaluation.samples, "resumed_items": resumed}
    facts = {"chat_template": prompts.template, **_backend_facts(backend, context)}
    summary = totals(answers) | _generated(answers, borrowed, evaluation) | counts | facts | seconds
    return Measurement(make_records(items, prompts, answers, backend, domain, checkpoint.name, stage.key), summary)


def _backend_facts(backend: Backend, context: StageContext) -> dict[str, Any]:
    """Return the backend's description and the incidents during generation, and report each incident."""
    events = backend.events()
    for event in events:
        context.reporter.event(NoteKind.GENERATION, message=event)
    return {"backend": backend.name, "reproducibility": backend.reproducibility, "events": events}


def _answered(served: Served, missing: Sequence[Missing], sampling: Sampling, at_hand: Set[int]) -> Iterator[Answered]:
    """Generate the missing completions of all items except those `at_hand`. Yield item index and completions."""
    for group in missing:
        done = frozenset(number for number, place in enumerate(group.places) if place in at_hand)
        if len(done) < len(group.places):
            served.load()
            for number, completions in served.backend.generate(group.requests, sampling, done):
                yield group.places[number], completions


def _generated(answers: Sequence[Answers], borrowed: Borrowed, evaluation: EvaluationConfig) -> dict[str, Any]:
    """Return the numbers of generated and reused completions, and the price of the generated ones."""
    new = [borrowed.generated(place, each.completions) for place, each in enumerate(answers)]
    flat = [completion for group in new for completion in group]
    tokens = sum_known([completion.tokens for completion in flat])
    return {
        "generated": {"items": sum(map(bool, new)), "completions": len(flat), "completion_tokens": tokens},
        "borrowed": {"items": len(borrowed.whole), "completions": borrowed.by_lender()},
        "usd": usd(evaluation.endpoint, sum_known([completion.prompt_tokens for completion in flat]), tokens),
    }


def _would_generate(first: Item, count: int) -> StageError:
    return StageError(
        f"{count} item{'s' * (count > 1)} have no stored completions for their current prompt (the first is "
        f'"{first.id}"), and rescore never generates.',
        fix="If the prompt changed, run `xdomain grid run` or `xdomain eval`, which makes a new evaluation.",
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


def totals(answers: Sequence[Answers]) -> dict[str, Any]:
    """Return token counts and finish reasons of all completions, including reused ones."""
    flat = [completion for group in answers for completion in group.completions]
    reasons = Counter(str(completion.finish_reason) for completion in flat)
    return {
        "prompt_tokens": sum_known([completion.prompt_tokens for completion in flat]),
        "completion_tokens": sum_known([completion.tokens for completion in flat]),
        "finish_reasons": dict(sorted(reasons.items())),
        "truncated_share": reasons[FinishReason.LENGTH] / len(flat) if flat else None,
    }


def sum_known(counts: Sequence[int | None]) -> int | None:
    """Return the sum of the counts; None if one is unknown."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def usd(limits: EndpointLimits, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
    """Return the price of the tokens in US dollars; None if a price or a count is unknown."""
    prompt_price, completion_price = limits.usd_per_million_prompt_tokens, limits.usd_per_million_completion_tokens
    if prompt_price is None or completion_price is None or prompt_tokens is None or completion_tokens is None:
        return None
    return (prompt_tokens * prompt_price + completion_tokens * completion_price) / 1e6
