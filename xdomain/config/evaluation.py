"""Configuration of evaluations. Every checkpoint gets the same items in the same order, so comparisons are paired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from xdomain.config.backend import BackendName, EndpointLimits, VllmConfig, backend_parameters
from xdomain.config.model_base import ConfigModel, PlainMapping

COMPLETION_TOKENS = 256
"""Default limit of a completion in tokens, in training and in the evaluation of a model that is not trained here."""


class DomainEvaluation(ConfigModel):
    """Evaluation settings that may differ from domain to domain (`overrides`)."""

    items: int = Field(300, ge=1)
    """Number of test items per domain. A smaller test split is used completely, and the report says so."""
    samples: int = Field(1, ge=1)
    """Completions per item."""
    temperature: float = Field(0.0, ge=0)
    """Sampling temperature; 0 is greedy decoding."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Probability mass of nucleus sampling; 1 samples from all tokens."""
    max_completion_tokens: int | None = Field(None, ge=1)
    """Largest number of completion tokens; by default that of training."""


class EvaluationConfig(DomainEvaluation):
    """Evaluation of one checkpoint on one domain."""

    seed: int = 0
    """Seed that items and samples are drawn from. It is independent of the training seeds."""
    backend: BackendName = "transformers"
    """Backend that generates the completions: `transformers`, `vllm`, `endpoint`, or one of another package (entry
    points `xdomain.backends`). A model behind a server needs `endpoint`."""
    backend_parameters: PlainMapping = Field(default_factory=dict)
    """Settings of a backend from another package. They are checked, and count in a stage's identity, like the
    parameters of a plugin strategy. Built-in backends use `vllm`, `endpoint` and `batch_tokens` instead."""
    vllm: VllmConfig = VllmConfig()
    """Engine of `backend: vllm`."""
    endpoint: EndpointLimits = EndpointLimits()
    """Limits and prices of `backend: endpoint`. The server itself is set under `model.endpoint`."""
    split: Literal["test", "dev"] = "test"
    """Split that the items are drawn from. Choose settings on `dev`, so that `test` stays unseen until the end."""
    batch_tokens: int = Field(16384, ge=1)
    """Largest number of prompt and completion tokens in a generation batch of `transformers`. It limits memory."""

    @property
    def completion_tokens(self) -> int:
        """Largest number of completion tokens."""
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
    """The checkpoints of a stage that are kept and evaluated."""

    every_steps: int | None = Field(None, ge=1)
    """Optimizer steps between checkpoints. If null, only the final checkpoint of a stage is kept."""
    keep: Literal["all", "ends", "none"] = "all"
    """Checkpoints that `grid gc` keeps once all evaluations of a stage are published. `ends` keeps only the final
    checkpoint. `none` keeps it only while another stage starts from it or an adapter is based on it. Records and the
    base model are always kept."""
