"""A vLLM engine in this process: started once for an architecture, weights swapped in place, LoRA adapters beside them.

What vLLM does otherwise, and what is done about it (tests are in `tests/integration/test_vllm_backend.py`):

- On a CPU it packs linear layers for oneDNN when they are loaded. Reloaded weights then reach the layers but not the
  packed copy of a tied output layer: answers are silently those of no checkpoint. Packing is switched off.
- Cached prefixes outlive a reload; they are dropped with every swap.
- By default the engine lives in a second process, where scheduling depends on timing; here it lives in this one.
- Keys and values that are not finite stay in its cache and make later requests' so; a tainted engine is replaced.
- On a CPU a seeded request whose prompt is read in parts raises; prompts are read whole there.
- It stops at what `generation_config.json` says and samples as that file says; it is told to read none of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.config.backend import VllmConfig
from xdomain.core.errors import ConfigError
from xdomain.generation.base import Sampling

SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""LoRA ranks that an engine can be sized for."""
ADAPTERS_AT_ONCE = 4
CPU_CACHE_GIB = "1"
"""Key and value cache on a CPU, where the environment does not say otherwise; vLLM would take a share of all memory."""
NEUTRAL = ("_name_or_path", "transformers_version", "use_cache")
"""Keys of `config.json` that may differ between checkpoints of one architecture."""

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
}
"""Set before vLLM is imported, unless the user did."""


@dataclass(frozen=True)
class Query:
    """One sample wanted.

    Attributes:
        name: unique among those asked at once.
        token_ids: of the prompt.
        seed: of this sample.
    """

    name: str
    token_ids: Sequence[int]
    seed: int


@dataclass(frozen=True)
class Answer:
    """One sample.

    Attributes:
        name: of its query.
        token_ids: generated, the end token included.
        stopped: at the end token or a stop string, not for want of room.
        log_probabilities: of the tokens, after temperature and top-p.
    """

    name: str
    token_ids: tuple[int, ...]
    stopped: bool
    log_probabilities: tuple[float, ...]


def architecture(weights: Path, dtype: str) -> str:
    """What two folders must share for one engine to serve both."""
    config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    return json.dumps([dtype, {key: value for key, value in config.items() if key not in NEUTRAL}], sort_keys=True)


class VllmEngine:
    """Args:
        weights: folder of the first checkpoint: full weights and tokenizer in transformers format.
        dtype: torch dtype name.
        settings: size and parallelism.
        device: "cpu" or "cuda".
        lora_rank: largest rank of adapters to be served; None for none.

    One process holds one engine at a time: closing it takes down what another would share.

    Raises:
        ConfigError: the installed vLLM is made for another device.
    """

    def __init__(self, weights: Path, dtype: str, settings: VllmConfig, device: str, lora_rank: int | None) -> None:
        prepare_process(device)
        from vllm import LLM

        arguments: dict[str, Any] = {}
        if device == "cpu":
            # A prompt read in parts takes back a draw of its generator, which a CPU's cannot do: it raises.
            arguments["enable_chunked_prefill"] = False
        if lora_rank is not None:
            lora_rank = next(size for size in SERVED_RANKS if size >= lora_rank)
            arguments |= {"enable_lora": True, "max_lora_rank": lora_rank, "max_loras": ADAPTERS_AT_ONCE}
        self.architecture = architecture(weights, dtype)
        self.lora_rank = lora_rank
        self._weights = weights
        self._adapters: dict[Path, int] = {}
        self._llm = LLM(
            model=str(weights),
            dtype=dtype,
            tensor_parallel_size=settings.tensor_parallel_size,
            gpu_memory_utilization=settings.gpu_memory_utilization,
            max_model_len=settings.max_model_len,
            # A graph is compiled for GPUs; compiling for a CPU takes longer than most evaluations.
            enforce_eager=settings.enforce_eager or device == "cpu",
            generation_config="vllm",
            seed=0,
            **arguments,
        )

    @property
    def context_tokens(self) -> int:
        """Longest prompt and completion together."""
        return int(self._llm.llm_engine.model_config.max_model_len)

    def swap(self, weights: Path) -> None:
        """Answer with the weights in `weights`, a folder of the same architecture, from now on."""
        if weights == self._weights:
            return
        self._llm.collective_rpc("reload_weights", kwargs={"weights_path": str(weights)})
        self._llm.reset_prefix_cache()
        self._weights = weights

    def ask(
        self, queries: Sequence[Query], sampling: Sampling, ends: Sequence[int], adapter: Path | None
    ) -> Iterator[Answer]:
        """Answers as they are finished. When the caller stops early, what is not finished is dropped."""
        lora = self._lora_request(adapter)
        engine = self._llm.llm_engine
        open_queries = {query.name for query in queries}
        try:
            for query in queries:
                settings = _sampling_params(sampling, query.seed, ends)
                engine.add_request(query.name, {"prompt_token_ids": list(query.token_ids)}, settings, lora_request=lora)
            while engine.has_unfinished_requests():
                for output in engine.step():
                    if output.finished:
                        open_queries.discard(output.request_id)
                        yield _answer(output)
        finally:
            engine.abort_request(sorted(open_queries))

    def _lora_request(self, adapter: Path | None) -> Any:
        if adapter is None:
            return None
        from vllm.lora.request import LoRARequest

        number = self._adapters.setdefault(adapter, len(self._adapters) + 1)
        return LoRARequest(str(adapter), number, str(adapter))

    def close(self) -> None:
        """Release memory, so that another engine can start in this process."""
        from vllm.distributed import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        del self._llm
        cleanup_dist_env_and_memory()


def prepare_process(device: str) -> None:
    """Make this process ready for an engine whose weights will change, ours or the one that TRL starts.

    Raises:
        ConfigError: the installed vLLM is made for another device.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from vllm.platforms import current_platform

    if current_platform.is_cpu() != (device == "cpu"):
        raise ConfigError(
            f'the installed vLLM is made for "{current_platform.device_type}", the stage runs on "{device}".',
            where="execution.device",
            fix="Install the vLLM of this device, or name the other device.",
        )
    if device == "cpu":
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", CPU_CACHE_GIB)
        _switch_packing_off()


def _sampling_params(sampling: Sampling, seed: int, ends: Sequence[int]) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        # torch takes 64 bits, of which vLLM's check leaves 63.
        seed=seed % (1 << 63) if sampling.temperature else None,
        stop=list(sampling.stop) or None,
        stop_token_ids=list(ends),
        detokenize=bool(sampling.stop),
        logprobs=0,  # of the chosen token alone
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _answer(output: Any) -> Answer:
    (best,) = output.outputs
    token_ids = tuple(best.token_ids)
    pairs = zip(token_ids, best.logprobs, strict=True)
    return Answer(
        name=output.request_id,
        token_ids=token_ids,
        stopped=best.finish_reason == "stop",
        log_probabilities=tuple(float(entry[token].logprob) for token, entry in pairs),
    )


def _switch_packing_off() -> None:
    """Keep linear layers of a CPU engine in plain torch, so that reloaded weights are the ones that answer."""
    from vllm import _custom_ops
    from vllm.model_executor.layers import utils

    _custom_ops._supports_onednn = False
    utils.check_cpu_sgl_kernel = lambda *arguments, **named: False


def served_rank(adapter: Path) -> int | None:
    """Rank of a LoRA adapter that vLLM can serve beside the weights; None where it must be merged into them."""
    config: Mapping[str, Any] = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    targets = config.get("target_modules") or []
    plain = (
        config.get("peft_type") == "LORA"
        and not any(config.get(key) for key in ("modules_to_save", "use_dora", "rank_pattern", "alpha_pattern"))
        and config.get("bias", "none") == "none"
        and isinstance(targets, list)
        and not any(name.endswith(("embed_tokens", "lm_head")) for name in targets)
    )
    rank = int(config["r"])
    return rank if plain and rank <= SERVED_RANKS[-1] else None
