"""Settings of the vLLM engine that samples training completions, beyond TRL's own (`training.grpo.vllm_*`)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from xdomain.config.model_base import ConfigModel, PlainMapping

ELSEWHERE = {
    "dtype": "training.vllm.dtype",
    "enforce_eager": "training.vllm.enforce_eager",
    "gpu_memory_utilization": "training.grpo.vllm_gpu_memory_utilization",
    "max_model_len": "training.grpo.vllm_max_model_length",
    "tensor_parallel_size": "training.grpo.vllm_tensor_parallel_size",
    "enable_sleep_mode": "training.grpo.vllm_enable_sleep_mode",
    "model_impl": "training.grpo.vllm_model_impl",
}
"""Settings that have another place, by the name of vLLM's argument."""
SET_BY_STAGE = frozenset({
    "model", "tokenizer", "seed", "max_num_seqs", "distributed_executor_backend", "logprobs_mode", "quantization",
    "trust_remote_code", "generation_config", "max_logprobs", "load_format", "enable_lora", "skip_tokenizer_init",
})  # fmt: skip
"""Arguments of vLLM that a stage or TRL sets, or that would break the exchange of weights."""


class RolloutEngineConfig(ConfigModel):
    """The vLLM engine of rollouts. `grpo.vllm_*` has TRL's own settings of it: memory, length, parallelism, sleep."""

    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    """Precision of the engine's weights; by default that of the trained model."""
    enforce_eager: bool = False
    """Disable graph capture. The engine starts sooner and generates more slowly. It is always so on a CPU."""
    arguments: PlainMapping = Field(default_factory=dict)
    """Further arguments of vLLM's `LLM`, for example `{max_num_batched_tokens: 8192}`. They are passed through."""
    largest_gap: float | None = Field(None, gt=0)
    """Mean difference per token, in nats, between the log-probabilities that the engine reports and those that the
    trainer computes for the same tokens. A rollout above it raises an alarm, and training continues. The default is
    0.001 if both compute in float32, otherwise 0.1, plus -log(`top_p`), since the engine's are those after the cut-off.
    With `top_k`, `min_p` or `repetition_penalty` there is no default, so no alarm."""

    @field_validator("arguments")
    @classmethod
    def _free(cls, arguments: dict[str, object]) -> dict[str, object]:
        for name in arguments:
            if name in ELSEWHERE:
                raise ValueError(f"`{name}` has its own setting. Remove it and set {ELSEWHERE[name]}.")
            if name in SET_BY_STAGE:
                raise ValueError(f"`{name}` cannot be set: a stage sets it itself, or depends on it. Remove it.")
        return arguments

    def identity(self) -> dict[str, Any]:
        """Return the settings that change what is sampled by more than rounding; {} at their defaults."""
        found = {"dtype": self.dtype, "arguments": self.arguments}
        return {name: value for name, value in found.items() if value}
