"""Show a model's answers to a few items: the prompt as the model sees it, its completion, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Domain, Item
from xdomain.domains.judging import judge_finished
from xdomain.generation.base import Checkpoint, FinishReason, PromptRequest, Sampling
from xdomain.generation.transformers_backend import TransformersBackend
from xdomain.models.prompting import encode, opened_reasoning, render, scored_text, set_up_chat
from xdomain.models.source import load_source


def preview(
    config: ModelConfig, domain: Domain, items: Sequence[Item], *, temperature: float, max_tokens: int
) -> list[dict[str, Any]]:
    """Return `rendered`, `completion`, `verdict` and `reason` of each item. Runs on the CPU and stores nothing."""
    model, tokenizer = load_source(config)
    chat = set_up_chat(config, tokenizer)
    prompts = [render(item, tokenizer, chat) for item in items]
    requests = [
        PromptRequest(tuple(ids), (derive_seed("preview", item.id),))
        for item, ids in zip(items, encode(prompts, tokenizer, chat), strict=True)
    ]
    backend = TransformersBackend(EvaluationConfig(batch_tokens=4096), "cpu")
    nowhere = Path(config.source[1])
    backend.load(Checkpoint(str(nowhere), nowhere, tokenizer, config.dtype, nowhere, (), lambda: model, {}))
    answered = dict(backend.generate(requests, Sampling(max_tokens, temperature, stop=domain.stop)))
    completions = [answered[place][0].text for place in range(len(items))]
    opened = [opened_reasoning(prompt) for prompt in prompts]
    truncated = [answered[place][0].finish_reason == FinishReason.LENGTH for place in range(len(items))]
    verdicts = judge_finished(domain, items, list(map(scored_text, opened, completions)), truncated)
    return [
        {"rendered": prompt, "completion": completion, "verdict": verdict.outcome, "reason": verdict.reason}
        for prompt, completion, verdict in zip(prompts, completions, verdicts, strict=True)
    ]
