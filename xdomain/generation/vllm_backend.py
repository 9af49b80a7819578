"""Generate with vLLM, whose single engine serves all checkpoints of an architecture."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import (
    Answered,
    Checkpoint,
    Completion,
    FinishReason,
    NonFiniteLogits,
    PromptRequest,
    Sampling,
)
from xdomain.generation.stopping import StopStrings, end_tokens
from xdomain.generation.vllm_engine import Answer, Query, VllmEngine, architecture, served_rank

ENGINE_STARTED = "vLLM engine started"


class VllmBackend:
    """A backend that draws completions from an engine, which it keeps from one checkpoint to the next.

    Full weights are swapped in place. A LoRA adapter on full weights is served without a merge. A chain of adapters, or
    an adapter that vLLM cannot serve (DoRA, saved modules), is first merged into a temporary copy of the weights.

    Args:
        evaluation: Evaluation settings, whose `vllm` sets the size of the engine.
        device: "cpu" or "cuda".
    """

    name = "vllm"
    reproducibility = (
        "greedy: the same tokens in float32; sampled: from each row's seed in this order of items, up to rounding "
        "where the batch is another one (a resumed run, another GPU or version)"
    )

    def __init__(self, evaluation: EvaluationConfig, device: str) -> None:
        self._settings = evaluation.vllm
        self._device = device
        self._engine: VllmEngine | None = None
        self._checkpoint: Checkpoint | None = None
        self._adapter: Path | None = None
        self._ends: list[int] = []
        self._merged: TemporaryDirectory[str] | None = None
        self._tainted = False
        self._events: list[str] = []
        self.engines_started = 0

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend.load`."""
        rank = served_rank(checkpoint.adapters[0]) if len(checkpoint.adapters) == 1 else None
        self._adapter = checkpoint.adapters[0] if rank is not None else None
        merged = None
        weights = checkpoint.foundation
        if checkpoint.adapters and rank is None:
            merged = TemporaryDirectory(prefix="xdomain-merged-")
            weights = Path(merged.name)
            checkpoint.load_model().save_pretrained(weights)
            checkpoint.tokenizer.save_pretrained(weights)
        self._engine_for(weights, checkpoint.dtype, rank).swap(weights)
        if self._merged is not None:
            self._merged.cleanup()
        self._merged = merged
        self._checkpoint = checkpoint
        self._ends = end_tokens(declared_ends(weights), checkpoint.tokenizer)

    def _engine_for(self, weights: Path, dtype: str, rank: int | None) -> VllmEngine:
        """Return an engine for these weights and an adapter of `rank`, and replace the current one if it is unfit."""
        engine = self._engine
        if engine is not None:
            roomy = rank is None or (engine.lora_rank is not None and rank <= engine.lora_rank)
            if roomy and not self._tainted and engine.architecture == architecture(weights, dtype):
                return engine
            engine.close()
            self._engine = None
        begun = time.perf_counter()
        room = max(rank or 0, self._settings.max_lora_rank or 0) or None
        self._engine = VllmEngine(weights, dtype, self._settings, self._device, room)
        self._tainted = False
        self.engines_started += 1
        self._events.append(f"{ENGINE_STARTED} in {time.perf_counter() - begun:.1f} s")
        return self._engine

    def generate(
        self, requests: Sequence[PromptRequest], sampling: Sampling, done: Collection[int] = frozenset()
    ) -> Iterator[Answered]:
        """See `Backend.generate`."""
        assert self._engine is not None
        assert self._checkpoint is not None
        reader = StopStrings(self._checkpoint.tokenizer, sampling.stop)
        context = self._engine.context_tokens
        queries: list[Query] = []
        for place, request in enumerate(requests):
            if place in done:
                continue
            if len(request.token_ids) >= context:
                yield place, [_too_long(len(request.token_ids), context)] * len(request.seeds)
                continue
            queries += [
                Query(f"{place}/{sample}", request.token_ids, seed) for sample, seed in enumerate(request.seeds)
            ]
        found: dict[int, dict[int, Completion]] = defaultdict(dict)
        for answer in self._engine.ask(queries, sampling, self._ends, self._adapter):
            place, sample = map(int, answer.name.split("/"))
            request = requests[place]
            found[place][sample] = self._completion(answer, len(request.token_ids), reader)
            if len(found[place]) == len(request.seeds):
                group = found.pop(place)
                yield place, [group[number] for number in sorted(group)]

    def _completion(self, answer: Answer, prompt_tokens: int, reader: StopStrings) -> Completion:
        if not all(map(math.isfinite, answer.log_probabilities)):
            self._tainted = True
            raise NonFiniteLogits("the model's logits are not finite.")
        text, whole = reader.read(answer.token_ids, self._ends)
        return Completion(
            text=text,
            tokens=len(answer.token_ids),
            # vLLM may miss a stop string that contains special tokens, so the text decides, as in rollouts.
            finish_reason=FinishReason.STOP if whole or answer.stopped else FinishReason.LENGTH,
            mean_entropy=None,
            prompt_tokens=prompt_tokens,
        )

    def events(self) -> list[str]:
        """See `Backend.events`. The only incidents are starts of engines, since vLLM queues what does not fit."""
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """See `Backend.close`."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._merged is not None:
            self._merged.cleanup()
            self._merged = None


def declared_ends(weights: Path) -> int | list[int] | None:
    """Return the end tokens that the model's generation settings declare."""
    file = next(path for name in ("generation_config.json", "config.json") if (path := weights / name).is_file())
    found: int | list[int] | None = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id")
    return found


def _too_long(tokens: int, context: int) -> Completion:
    return Completion(
        text="",
        tokens=0,
        finish_reason=FinishReason.PROMPT_TOO_LONG,
        mean_entropy=None,
        prompt_tokens=tokens,
        problem=f"the prompt has {tokens} tokens, the engine's context {context}",
    )
