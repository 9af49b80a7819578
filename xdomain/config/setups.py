"""Sections of an experiment that one kind of stage uses: evaluation, base model, or training."""

from __future__ import annotations

from pydantic import Field, model_validator

from xdomain.config.domain import DomainConfig
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.model import ModelConfig
from xdomain.config.model_base import ConfigModel
from xdomain.config.training import TrainingConfig

DomainEntries = tuple[str | DomainConfig, ...]
"""Entries of `domains`: names of registered domains, and descriptions."""


def entry_name(entry: str | DomainConfig) -> str:
    """Return the name of a domain from its entry of `domains`."""
    return entry if isinstance(entry, str) else entry.name


class EvaluationSetup(ConfigModel):
    """Evaluation of one model, or of checkpoints that a store holds."""

    name: str = "eval"
    model: ModelConfig | None = None
    """A model from outside the store; null for checkpoints of the store, which need no settings."""
    domains: DomainEntries = ()
    evaluation: EvaluationConfig = EvaluationConfig()
    execution: ExecutionConfig = ExecutionConfig()

    @property
    def domain_names(self) -> tuple[str, ...]:
        return tuple(map(entry_name, self.domains))

    @property
    def settings(self) -> EvaluationConfig:
        """Return `evaluation`, in which the engine's largest adapter rank follows from the trained adapters."""
        return with_adapter_rank(self.evaluation, self.model)

    @model_validator(mode="after")
    def _served(self) -> EvaluationSetup:
        if self.model is not None:
            check_backend(self.model, self.evaluation)
        return self


class BaseSetup(ConfigModel):
    """Preparation of the base model.

    Its domains serve the warm-up and, if the model is trained, the comparison of training with evaluation.
    """

    name: str
    model: ModelConfig
    domains: DomainEntries
    training: TrainingConfig | None = None
    """Null for a model that is only evaluated."""

    @property
    def domain_names(self) -> tuple[str, ...]:
        return tuple(map(entry_name, self.domains))


class TrainingSetup(BaseSetup):
    """Training of one phase."""

    training: TrainingConfig
    looks: dict[str, EvaluationConfig] = Field(default_factory=dict)
    """Settings with which alarms evaluate the dev items of each monitored domain; empty without alarms."""


def with_adapter_rank(evaluation: EvaluationConfig, model: ModelConfig | None) -> EvaluationConfig:
    """Return `evaluation` with the rank of the model's adapters as the engine's largest rank, unless it is set."""
    lora = model.lora if model is not None else None
    if lora is None or evaluation.vllm.max_lora_rank is not None:
        return evaluation
    return evaluation.model_copy(update={"vllm": evaluation.vllm.model_copy(update={"max_lora_rank": lora.r})})


def check_backend(model: ModelConfig, evaluation: EvaluationConfig) -> None:
    """Check that a model behind an endpoint is evaluated with the backend `endpoint`.

    Raises:
        ValueError: Model and backend do not match.
    """
    if model.endpoint is not None and evaluation.backend != "endpoint":
        raise ValueError(
            "evaluation.backend: a model behind an endpoint needs the backend `endpoint`. "
            f'Found "{evaluation.backend}".'
        )
