"""How every checkpoint is evaluated: the same items in the same order, so that comparisons pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from xdomain.config.backend import BackendName, EndpointLimits, VllmConfig, backend_parameters
from xdomain.config.model_base import ConfigModel, PlainMapping

COMPLETION_TOKENS = 256
"""Longest completion by default, in training and in the evaluation of a model that is not trained here."""


class EvaluationConfig(ConfigModel):
    """Evaluation of one checkpoint on one domain."""

    items: int = Field(300, ge=1)
    """Test items a domain; a smaller test split is used whole, and the report says so."""
    samples: int = Field(1, ge=1)
    """Completions an item."""
    temperature: float = Field(0.0, ge=0)
    """0 is greedy decoding."""
    top_p: float = Field(1.0, gt=0, le=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    """By default that of training."""
    seed: int = 0
    """Draws items and samples; never the training seed."""
    backend: BackendName = "transformers"
    backend_parameters: PlainMapping = Field(default_factory=dict)
    """What a backend of another package can be told; checked and counted as the parameters of a plugin strategy are.
    Those of this package are told by `vllm`, `endpoint` and `batch_tokens`."""
    vllm: VllmConfig = VllmConfig()
    endpoint: EndpointLimits = EndpointLimits()
    split: Literal["test", "dev"] = "test"
    batch_tokens: int = Field(16384, ge=1)
    """Prompt and completion tokens a generation batch of `transformers` holds at most (memory)."""

    @property
    def completion_tokens(self) -> int:
        """Tokens of the longest completion."""
        return self.max_completion_tokens or COMPLETION_TOKENS

    @model_validator(mode="before")
    @classmethod
    def _plugin_backend(cls, data: Any) -> Any:
        parameters = data.get("backend_parameters", {}) if isinstance(data, Mapping) else None
        if not isinstance(parameters, Mapping):
            return data
        return {**data, "backend_parameters": backend_parameters(data.get("backend", "transformers"), parameters)}

    @model_validator(mode="after")
    def _sampling(self) -> EvaluationConfig:
        if self.temperature == 0 and self.samples > 1:
            raise ValueError("`samples` above 1 with temperature 0 repeats one completion; set a temperature.")
        return self


class CheckpointsConfig(ConfigModel):
    """Which checkpoints of a stage are kept and evaluated."""

    every_steps: int | None = Field(None, ge=1)
    """None keeps a stage's end alone."""
    keep: Literal["all", "ends", "none"] = "all"
    """What `grid gc` leaves of a stage once every evaluation of it is published: `ends` the last checkpoint, `none` not
    even that, where no stage continues from it any more and no adapter lies on it. Records and the base always stay."""
