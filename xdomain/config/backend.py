"""What each generation backend can be told. Speed and money, not numbers: none of it is part of a stage's identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from xdomain.config.field_types import Address, KeyVariable
from xdomain.config.model_base import ConfigModel
from xdomain.config.plugin import checked_parameters, known_name, named_in, parameters_model
from xdomain.core.registry import Registry

BACKENDS = Registry(
    "backend",
    {
        "transformers": "xdomain.generation.transformers_backend:TransformersBackend",
        "vllm": "xdomain.generation.vllm_backend:VllmBackend",
        "endpoint": "xdomain.generation.endpoint:EndpointBackend",
    },
    "xdomain.backends",
)
"""Each is called with the `EvaluationConfig` and the device ("cpu", "cuda"), and may go by the configuration's `vllm`,
`endpoint`, `batch_tokens` and `backend_parameters` alone: it is kept for evaluations that differ in the rest."""


BackendName = Annotated[str, known_name(BACKENDS), named_in(BACKENDS)]
"""transformers, vllm, endpoint, or one that a package registers under the entry points `xdomain.backends`."""


def backend_parameters(name: object, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters of a plugin's backend, checked by its own model.

    Raises:
        ValueError: the backend is none of a plugin, or the plugin is broken.
        PydanticCustomError: a parameter is wrong.
    """
    # Asked in this order, no file that names a built-in backend needs a look through the installed packages.
    if isinstance(name, str) and name not in BACKENDS.builtin and name in BACKENDS.plugins():
        return checked_parameters(BACKENDS, name, parameters, field="backend_parameters")
    if parameters:
        raise ValueError(f'`backend_parameters` are for backends of other packages. "{name}" is none.')
    return parameters


def backend_version(name: str) -> int:
    """Return the version that a plugin backend's parameters state; 1 for backends of this package."""
    model = None if name in BACKENDS.builtin else parameters_model(BACKENDS, name)
    return 1 if model is None else model.version


KEEPS_ENGINE = frozenset({"vllm"})
"""Backends whose start costs more than a small evaluation: a worker keeps theirs for the next checkpoint."""

REPEATS_SAMPLES = frozenset({"transformers"})
"""Backends whose samples depend only on prompt and seed, up to rounding. Other backends promise this for greedy
decoding at most, so their evaluations do not mix stored samples with new ones."""


class VllmConfig(ConfigModel):
    """vLLM in this process: one engine serves every checkpoint of an architecture."""

    tensor_parallel_size: int = Field(1, ge=1)
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1)
    """Share of a GPU's memory that the engine takes."""
    max_model_len: int | None = Field(None, ge=1)
    """Longest prompt and completion together; by default the model's context."""
    max_lora_rank: int | None = Field(None, ge=1, le=512)
    """Rank of LoRA adapters that there is room for beside the weights; by default that of `model.lora`."""
    enforce_eager: bool = False
    """No graph capture: starts sooner, answers more slowly."""


class EndpointLimits(ConfigModel):
    """How hard an endpoint may be asked, and what it charges."""

    concurrency: int = Field(8, ge=1)
    """Requests at once."""
    timeout_seconds: float = Field(120.0, gt=0)
    """For one attempt."""
    attempts: int = Field(6, ge=1)
    """Of one request, with growing pauses, or those that the server asks for."""
    requests_per_minute: float | None = Field(None, gt=0)
    usd_per_million_prompt_tokens: float | None = Field(None, ge=0)
    usd_per_million_completion_tokens: float | None = Field(None, ge=0)


class EndpointAccess(ConfigModel):
    """How a server is asked."""

    protocol: Literal["chat", "completions"] = "chat"
    """`chat` sends messages, and the server applies its chat template; `completions` sends the plain prompt."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """What the server calls the limit of a completion."""
    api_key_variable: KeyVariable | None = None
    """Environment variable that holds the key; the key itself is never written anywhere."""


class EndpointModel(EndpointAccess):
    """A model behind an OpenAI-compatible server; it can be evaluated, not trained."""

    base_url: Address
    """Up to and with "/v1"."""
    model: str = Field(min_length=1)
    """Name that the server knows."""
