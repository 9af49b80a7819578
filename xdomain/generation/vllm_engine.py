"""A vLLM engine in this process, started once per architecture. Weights are swapped in place; LoRA adapters are served.

Differences of vLLM, and how they are handled (tests are in `tests/integration/test_vllm_backend.py`):

- On a CPU it packs linear layers for oneDNN when they are loaded. Reloaded weights then reach the layers but not the
  packed copy of a tied output layer, and answers silently mix two checkpoints. Packing is switched off.
- Cached prefixes survive a reload. They are dropped with every swap.
- By default the engine runs in a second process, in which scheduling depends on timing. Here it runs in this process.
- Keys and values that are not finite stay in its cache and spoil later requests. Such an engine is replaced.
- On a CPU a seeded request whose prompt is read in parts raises an error. Prompts are read whole there.
- By default it takes end tokens and sampling settings from `generation_config.json`. Here it does not read that file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xdomain.config.backend import VllmConfig
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean
from xdomain.generation.base import Sampling

SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""LoRA ranks for which an engine can be sized."""
ADAPTERS_AT_ONCE = 4
CPU_CACHE_GIB = "1"
"""Size of the key and value cache on a CPU, unless the environment sets it. vLLM would take a share of all memory."""
NEUTRAL = ("_name_or_path", "transformers_version", "use_cache")
"""Keys of `config.json` that may differ between checkpoints of one architecture."""

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
}
"""Environment variables that are set before vLLM is imported, unless the user has set them."""


@dataclass(frozen=True)
class Query:
    """A request for one sample.

    Attributes:
        name: Name that is unique within one call of `ask`.
        token_ids: Token ids of the prompt.
        seed: Seed of this sample.
    """

    name: str
    token_ids: Sequence[int]
    seed: int


@dataclass(frozen=True)
class Answer:
    """One sample.

    Attributes:
        name: Name of its query.
        token_ids: Generated token ids, including the end token.
        stopped: Whether it ended at the end token or a stop string, and not for lack of room.
        log_probabilities: Log-probability of each token, after temperature and top-p.
    """

    name: str
    token_ids: tuple[int, ...]
    stopped: bool
    log_probabilities: tuple[float, ...]


def architecture(weights: Path, dtype: str) -> str:
    """Return a text that is equal for two folders if and only if the same engine can serve both."""
    config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    return json.dumps([dtype, {key: value for key, value in config.items() if key not in NEUTRAL}], sort_keys=True)


class VllmEngine:
    """A vLLM engine for all checkpoints of one architecture.

    A process can hold only one engine at a time, since closing an engine tears down state that another would share.

    Args:
        weights: Folder of the first checkpoint, with full weights and tokenizer in transformers format.
        dtype: Torch dtype name.
        settings: Size and parallelism of the engine.
        device: "cpu" or "cuda".
        lora_rank: Largest rank of the adapters to serve; None to serve none.

    Raises:
        ConfigError: The installed vLLM was built for another device.
    """

    def __init__(self, weights: Path, dtype: str, settings: VllmConfig, device: str, lora_rank: int | None) -> None:
        prepare_process(device)
        from vllm import LLM

        arguments: dict[str, Any] = {}
        if device == "cpu":
            # A prompt that is read in parts rewinds its generator, which raises an error on a CPU.
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
        """Return the largest number of tokens of prompt and completion together."""
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
        """Yield answers once they are finished. If the caller stops early, unfinished ones are dropped."""
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
        close_engine(self._llm)
        del self._llm


def close_engine(llm: Any) -> None:
    """Release an engine's memory and connections, so that another one can start in this process."""
    from vllm.distributed import cleanup_dist_env_and_memory

    llm.llm_engine.engine_core.shutdown()
    cleanup_dist_env_and_memory()


def check_arguments(arguments: Mapping[str, Any], where: str) -> None:
    """Check names of arguments against the installed vLLM.

    Args:
        arguments: Arguments of vLLM's `LLM`.
        where: Dotted configuration field that has them.

    Raises:
        ConfigError: vLLM has no such argument.
    """
    if not arguments:
        return
    from vllm.engine.arg_utils import EngineArgs

    names = [field.name for field in fields(EngineArgs)]
    for name in arguments:
        if name not in names:
            raise ConfigError(
                f"the installed vLLM has no such argument.{did_you_mean(name, names)}",
                where=f"{where}.{name}",
                fix="Its arguments are those of `vllm.LLM`, with underscores.",
            )


def prepare_process(device: str) -> None:
    """Prepare this process for an engine whose weights will change, either ours or the one that TRL starts.

    Raises:
        ConfigError: The installed vLLM was built for another device.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from vllm.platforms import current_platform

    if current_platform.is_cpu() != (device == "cpu"):
        raise ConfigError(
            f'the installed vLLM was built for "{current_platform.device_type}", but the stage runs on "{device}".',
            where="execution.device",
            fix="Install the vLLM for this device, or change it to the other device.",
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
        # torch takes 64 bits, but vLLM accepts only 63.
        seed=seed % (1 << 63) if sampling.temperature else None,
        stop=list(sampling.stop) or None,
        stop_token_ids=list(ends),
        detokenize=bool(sampling.stop),
        logprobs=0,  # only the chosen token's
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
    """Keep linear layers of a CPU engine in plain torch, so that reloaded weights take effect."""
    from vllm import _custom_ops
    from vllm.model_executor.layers import utils

    _custom_ops._supports_onednn = False
    utils.check_cpu_sgl_kernel = lambda *arguments, **named: False


def served_rank(adapter: Path) -> int | None:
    """Return the rank of a LoRA adapter that vLLM can serve, or None if the adapter must be merged."""
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
