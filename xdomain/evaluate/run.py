"""Evaluate one checkpoint on one or more domains; the model is loaded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.experiment import Experiment
from xdomain.core.fingerprint import text_digest
from xdomain.core.parquet import write_records
from xdomain.core.records import ItemRecord
from xdomain.core.seeds import derive_seed, generator
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domains
from xdomain.generation.base import Backend, PromptRequest, Sampling
from xdomain.generation.transformers_backend import TransformersBackend
from xdomain.models.checkpoint import load_plain, load_tokenizer, read_info
from xdomain.models.layout import checkpoint_folder
from xdomain.models.prompting import encode, render
from xdomain.plan.identity import completion_tokens
from xdomain.plan.spec import EvaluateSpec


class LoadedModel:
    """A checkpoint ready to answer: backend, tokenizer, and whether prompts go through the chat template."""

    def __init__(self, folder: Path, device: str, batch_tokens: int) -> None:
        self.tokenizer = load_tokenizer(folder)
        self.chat = read_info(folder).chat_template
        model = load_plain(folder).to(device).eval()
        self.backend: Backend = TransformersBackend(model, self.tokenizer, batch_tokens)


def run_evaluations(
    experiment: Experiment, specs: Sequence[EvaluateSpec], contexts: Sequence[StageContext]
) -> Iterator[tuple[EvaluateSpec, StageResult]]:
    """Evaluate one checkpoint on the domain of each spec; yields as each is done, so that it can be published."""
    evaluation = experiment.evaluation
    first = specs[0]
    folder = checkpoint_folder(contexts[0].inputs[first.checkpoint_stage], first.checkpoint_step)
    model = LoadedModel(folder, contexts[0].device, evaluation.batch_tokens)
    for spec, context in zip(specs, contexts, strict=True):
        if context.stop_requested():
            yield spec, StageResult(finished=False, summary={})
            continue
        domain = build_domains(experiment.domains, [spec.domain])[spec.domain]
        try:
            records, summary = evaluate_domain(
                model,
                domain,
                evaluation,
                max_tokens=completion_tokens(experiment),
                checkpoint=f"{spec.checkpoint_stage}@{spec.checkpoint_step}",
                stage_key=spec.key,
                progress=lambda done, total, context=context: context.reporter.progress(done, total),  # type: ignore[misc]
            )
        finally:
            domain.close()
        begun = time.perf_counter()
        write_records(context.work / "records.parquet", records)
        yield spec, StageResult(finished=True, summary=summary | {"write_seconds": time.perf_counter() - begun})


def choose_items(domain: Domain, evaluation: EvaluationConfig) -> list[Item]:
    """The evaluated items: distinct, drawn from `evaluation.seed` and the domain's name, the same for every
    checkpoint."""
    items = domain.items(Split(evaluation.split))
    count = min(evaluation.items, len(items))
    chosen = generator("items", evaluation.seed, domain.name).sample(range(len(items)), count)
    return [items[index] for index in sorted(chosen)]


def evaluate_domain(
    model: LoadedModel,
    domain: Domain,
    evaluation: EvaluationConfig,
    *,
    max_tokens: int,
    checkpoint: str,
    stage_key: str,
    progress: Callable[[int, int], Any],
) -> tuple[list[ItemRecord], dict[str, Any]]:
    """Records of every item and sample, item by item, and small totals."""
    begun = time.perf_counter()
    items = choose_items(domain, evaluation)
    prompts = [render(item, model.tokenizer, model.chat) for item in items]
    # The seed of a sample does not know the checkpoint: checkpoints are compared on common random numbers.
    seeds = [
        tuple(
            derive_seed("sample", evaluation.seed, domain.name, item.id, sample) for sample in range(evaluation.samples)
        )
        for item in items
    ]
    requests = [
        PromptRequest(tuple(ids), item_seeds)
        for ids, item_seeds in zip(encode(prompts, model.tokenizer, model.chat), seeds, strict=True)
    ]
    sampling = Sampling(max_tokens, evaluation.temperature, evaluation.top_p)
    generated = time.perf_counter()
    completions = model.backend.generate(requests, sampling, lambda done: progress(done, len(items)))
    scored = time.perf_counter()
    flat_items = [item for item in items for _ in range(evaluation.samples)]
    flat = [completion for group in completions for completion in group]
    verdicts = domain.score(flat_items, [completion.text for completion in flat])
    records = []
    for place, (item, completion, verdict) in enumerate(zip(flat_items, flat, verdicts, strict=True)):
        row, sample = divmod(place, evaluation.samples)
        records.append(
            ItemRecord(
                stage_key=stage_key,
                checkpoint=checkpoint,
                domain=domain.name,
                item_id=item.id,
                cluster_id=item.cluster_id or item.id,
                sample=sample,
                prompt_hash=text_digest(prompts[row]),
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
                seed=seeds[row][sample],
            )
        )
    ended = time.perf_counter()
    return records, {
        "items": len(items),
        "samples": evaluation.samples,
        "completion_tokens": sum(completion.tokens for completion in flat),
        "prepare_seconds": generated - begun,
        "generate_seconds": scored - generated,
        "score_seconds": ended - scored,
    }
