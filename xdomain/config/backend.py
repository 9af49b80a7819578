"""Settings of each generation backend. They affect speed and cost, not results, so none is part of identity."""

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
"""Registered backends. Each is called with the `EvaluationConfig` and the device ("cpu", "cuda"). It may use only the
fields `vllm`, `endpoint`, `batch_tokens` and `backend_parameters`, because it is kept for evaluations that differ in
the other fields."""


BackendName = Annotated[str, known_name(BACKENDS), named_in(BACKENDS)]
"""Name of a backend: transformers, vllm, endpoint, or one that a package registers under the entry points
`xdomain.backends`."""


def backend_parameters(name: object, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters of a plugin's backend, checked by the plugin's model.

    Raises:
        ValueError: The backend does not belong to a plugin, or the plugin is broken.
        PydanticCustomError: A parameter is wrong.
    """
    # In this order, a built-in backend needs no search through the installed packages.
    if isinstance(name, str) and name not in BACKENDS.builtin and name in BACKENDS.plugins():
        return checked_parameters(BACKENDS, name, parameters, field="backend_parameters")
    if parameters:
        raise ValueError(f'`backend_parameters` are for backends of other packages. "{name}" is not one of them.')
    return parameters


def backend_version(name: str) -> int:
    """Return the version that a plugin backend's parameters state; 1 for built-in backends."""
    model = None if name in BACKENDS.builtin else parameters_model(BACKENDS, name)
    return 1 if model is None else model.version


KEEPS_ENGINE = frozenset({"vllm"})
"""Backends that take longer to start than a small evaluation takes. A worker keeps them for the next checkpoint."""

REPEATS_SAMPLES = frozenset({"transformers"})
"""Backends whose samples depend only on prompt and seed, up to rounding. Other backends guarantee this only for greedy
decoding, if at all, so their evaluations do not mix stored samples with new ones."""


class VllmConfig(ConfigModel):
    """vLLM in this process: one engine serves every checkpoint of an architecture."""

    tensor_parallel_size: int = Field(1, ge=1)
    """Number of GPUs that share the weights. Reserve as many with `execution.resources.evaluate.gpus`."""
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1)
    """Share of a GPU's memory that the engine takes."""
    max_model_len: int | None = Field(None, ge=1)
    """Largest number of prompt and completion tokens together; by default the model's context length."""
    max_lora_rank: int | None = Field(None, ge=1, le=512)
    """Largest rank of LoRA adapters that the engine reserves memory for; by default the rank of `model.lora`."""
    enforce_eager: bool = False
    """Disable graph capture. The engine starts sooner and generates more slowly."""


class EndpointLimits(ConfigModel):
    """Limits on the requests to an endpoint, and its prices."""

    concurrency: int = Field(8, ge=1)
    """Largest number of concurrent requests."""
    timeout_seconds: float = Field(120.0, gt=0)
    """Time limit of one attempt."""
    attempts: int = Field(6, ge=1)
    """Largest number of attempts per request. The pauses between them grow, unless the server asks for a pause."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Largest number of requests that a worker begins per minute, evenly spread and with repeated attempts; null sets
    no limit."""
    usd_per_million_prompt_tokens: float | None = Field(None, ge=0)
    """Price of a million prompt tokens in US dollars. A cost is stated only if both prices are set."""
    usd_per_million_completion_tokens: float | None = Field(None, ge=0)
    """Price of a million completion tokens in US dollars."""


class EndpointAccess(ConfigModel):
    """Protocol and key of a server."""

    protocol: Literal["chat", "completions"] = "chat"
    """`chat` sends messages, and the server applies its chat template; `completions` sends the plain prompt."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Field of the request that limits the length of a completion."""
    api_key_variable: KeyVariable | None = None
    """Name of the environment variable that holds the key. The key itself is never stored."""


class EndpointModel(EndpointAccess):
    """A model behind an OpenAI-compatible server. It can be evaluated, but not trained."""

    base_url: Address
    """Address of the server, up to and including "/v1"."""
    model: str = Field(min_length=1)
    """Name of the model on the server."""
