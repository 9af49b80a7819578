"""Identities of stages, which their keys are made of.

Fields are named here one by one, never dumped from the configuration. A field belongs here if it changes numbers.
Paths, worker counts, executors and devices do not. A domain has two identities: one for its items (rows, fields,
template, split) and one for how they are judged (verifier, reward).

- A base depends on the model, and on the items and solutions of its warm-up domains.
- A training stage depends on its parent and on the items, verifiers and rewards of its domains. A distillation also
  depends on its teachers.
- A merge or rollback depends on its checkpoints and its own settings (`stepless_identity`).
- An evaluation depends on a checkpoint, on items and on how completions are sampled. Its verifier is kept
  separately, so that two evaluations that differ only in the verifier are known to have the same completions.

To add a field that changes numbers, name it in one of the places below, with a neutral value at which it is left out,
so that existing keys survive. If the meaning of existing code changes, raise the version of that kind of stage.

| the field belongs to | it is named in |
|---|---|
| `training` | `TRAINING_FIELDS` |
| `training.alarms` | `_alarms`, only if an alarm may stop the stage |
| `training.engine`, `training.vllm` | its own `identity()` |
| `evaluation` | `_sampling`, or `evaluate_payload` if it decides which items are drawn |
| `model` (loading, chat template) | `base_payload` |
| `model.lora` | `LORA_FIELDS` |
| a strategy | its own `identity()` and `version` |
| a domain's items | `ITEM_FIELDS` in `domains/data_domain.py` |
| a verifier | its own settings, and its id ("number/2") |
| a reward | `Domain.reward_identity` |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xdomain.config.adopted import AdoptedCheckpoint
from xdomain.config.alarms import AlarmsConfig
from xdomain.config.backend import backend_version
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.execution import ExecutionConfig
from xdomain.config.experiment import Experiment
from xdomain.config.model import LoraConfig, ModelConfig
from xdomain.config.phases import Distill, Phase
from xdomain.plan.recipe import Recipe, evaluation_of
from xdomain.plan.stage import CheckpointRef

BASE_VERSION = 2
TRAIN_VERSION = 2
DISTILL_VERSION = 1
EVALUATE_VERSION = 2

TRAINING_FIELDS = (
    "prompts_per_step", "generations", "updates_per_rollout", "epochs_per_rollout", "micro_batch", "learning_rate",
    "lr_schedule", "warmup_ratio", "weight_decay", "max_grad_norm", "optimizer", "loss_type", "beta", "epsilon",
    "epsilon_high", "scale_rewards", "temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "bf16",
    "gradient_checkpointing", "rollout", "rollout_draws", "grpo",
)  # fmt: skip
LORA_FIELDS = ("r", "alpha", "dropout", "chaining", "merge_dtype")
"""Fields of the adapter in addition to `target_modules`, whose order does not matter."""


@dataclass(frozen=True)
class Identities:
    """Values that depend on files, looked up by `resolve`.

    Attributes:
        model: Digest or pinned revision of the model source; empty for checkpoints of a store.
        items: Identity of the items of each domain, keyed by domain.
        verifiers: Identity of the verifier of each domain, keyed by domain.
        rewards: Identity of the reward of each domain, keyed by domain.
        solutions: What the solutions of a domain depend on in addition to its items, keyed by domain. Domains without
            solutions have no entry.
        stops: Stop strings, keyed by domain. Domains without stop strings have no entry.
    """

    model: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    verifiers: Mapping[str, Mapping[str, Any]]
    rewards: Mapping[str, Mapping[str, Any]]
    solutions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stops: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adopted: Mapping[AdoptedCheckpoint, Mapping[str, Any]] = field(default_factory=dict)


def base_payload(model: ModelConfig, execution: ExecutionConfig, identities: Identities) -> dict[str, Any]:
    """Return the identity of the base model, which holds no training seed, verifier or reward."""
    payload: dict[str, Any] = {
        "kind": "base",
        "version": BASE_VERSION,
        "model": dict(identities.model),
        "dtype": model.dtype,
    }
    if model.chat_template is not None:
        payload["chat_template"] = model.chat_template
    if model.chat_template_kwargs:
        payload["chat_template_kwargs"] = model.chat_template_kwargs
    if model.warmup is not None:
        warmup = model.warmup
        payload["warmup"] = {
            "steps": warmup.steps,
            "examples_per_step": warmup.examples_per_step,
            "learning_rate": warmup.learning_rate,
            "seed": warmup.seed,
            "items": _of(warmup.domains, identities.items),
        }
        solutions = _of((name for name in warmup.domains if identities.solutions.get(name)), identities.solutions)
        if solutions:
            payload["warmup"]["solutions"] = solutions
        payload |= threads_of(execution)
    return payload


def train_payload(
    experiment: Experiment,
    identities: Identities,
    parent: str,
    phase: Phase | Distill,
    steps: int,
    seed: int,
    offsets: Mapping[str, int],
    recipe: Recipe,
    pass_rates: Mapping[str, str],
) -> dict[str, Any]:
    """Return the identity of one phase, which is trained by the settings and the strategy of `recipe`.

    It contains the parent's key, so stages are shared exactly if all of their earlier phases agree.
    """
    training, model = recipe.training, experiment.model
    assert recipe.strategy is not None
    settings = {name: getattr(training, name) for name in TRAINING_FIELDS}
    if training.beta > 0:
        settings["reference"] = training.reference
    if engine := training.vllm.identity():
        settings["vllm"] = engine
    payload: dict[str, Any] = {
        "kind": "train",
        "version": TRAIN_VERSION,
        "parent": parent,
        "weights": dict(phase.weights),
        "items": _of(phase.domains, identities.items),
        "verifiers": _of(phase.domains, identities.verifiers),
        "rewards": _of(phase.domains, identities.rewards),
        "offsets": {name: offsets[name] for name in phase.domains},
        "steps": steps,
        "seed": seed,
        "training": settings,
        "strategy": recipe.strategy.identity(),
        "checkpoint_every": experiment.checkpoints.every_steps,
    }
    stops = {name: list(identities.stops[name]) for name in phase.domains if identities.stops.get(name)}
    if stops:
        payload["stops"] = stops
    if model.lora is not None:
        payload["lora"] = _lora(model.lora)
    if pass_rates:
        payload["self_paced"] = dict(pass_rates)
    if phase.is_mixed and training.informative_quotas:
        payload["informative_quotas"] = True
    if training.alarms is not None and training.alarms.stops:
        payload["alarms"] = _alarms(experiment, training.alarms, identities)
    if training.engine is not None:
        payload["engine"] = training.engine.identity()
    return payload | threads_of(experiment.execution)


def taught_by(teachers: Mapping[str, CheckpointRef]) -> dict[str, Any]:
    """Return what the identity of a distillation has in addition to that of a phase; {} without teachers."""
    if not teachers:
        return {}
    found = {domain: {"stage": ref.stage, "step": ref.step} for domain, ref in teachers.items()}
    return {"distill": DISTILL_VERSION, "teachers": found}


def _alarms(experiment: Experiment, alarms: AlarmsConfig, identities: Identities) -> dict[str, Any]:
    """Return what decides whether an alarm stops a stage."""
    names = alarms.monitored(experiment.domain_names)
    return {
        "on_alarm": alarms.on_alarm,
        "alpha": alarms.alpha,
        "budget": alarms.budget,
        "threshold": alarms.threshold,
        "items": _of(names, identities.items),
        "verifiers": _of(names, identities.verifiers),
        "sampling": {name: _look(experiment, identities, name) for name in names},
    }


def _look(experiment: Experiment, identities: Identities, domain: str) -> dict[str, Any]:
    """Return the settings with which alarms evaluate a domain, whatever the backend of evaluations."""
    evaluation = evaluation_of(experiment, domain)
    return {
        "temperature": evaluation.temperature,
        "top_p": evaluation.top_p,
        "max_completion_tokens": evaluation.completion_tokens,
        "batch_tokens": evaluation.batch_tokens,
        "seed": evaluation.seed,
        "stop": list(identities.stops.get(domain, ())),
    }


def evaluate_payload(
    settings: EvaluationConfig,
    execution: ExecutionConfig,
    identities: Identities,
    checkpoint: CheckpointRef,
    domain: str,
    split: str,
) -> dict[str, Any]:
    """Return the identity of one checkpoint on one domain. Every field except `verifier` affects the completions."""
    return {
        "kind": "evaluate",
        "version": EVALUATE_VERSION,
        "checkpoint": {"stage": checkpoint.stage, "step": checkpoint.step},
        "items": {
            "domain": domain,
            "identity": dict(identities.items[domain]),
            "split": split,
            "count": settings.items,
        },
        "sampling": _sampling(settings, identities, domain),
        "seed": settings.seed,  # draws items and samples
        "verifier": dict(identities.verifiers[domain]),
    } | threads_of(execution)


def same_completions(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Return whether the payloads of two evaluations differ only in how completions are judged, if at all."""
    without = [{name: value for name, value in payload.items() if name != "verifier"} for payload in (first, second)]
    return first["kind"] == "evaluate" and without[0] == without[1]


def _sampling(settings: EvaluationConfig, identities: Identities, domain: str) -> dict[str, Any]:
    sampling: dict[str, Any] = {
        "samples": settings.samples,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_completion_tokens": settings.completion_tokens,
        "backend": settings.backend,
        "batch_tokens": settings.batch_tokens,
    }
    if settings.backend_parameters:
        sampling["backend_parameters"] = settings.backend_parameters
    if (version := backend_version(settings.backend)) > 1:
        sampling["backend_version"] = version
    if identities.stops.get(domain):
        sampling["stop"] = list(identities.stops[domain])
    if settings.backend == "vllm" and settings.vllm.max_model_len is not None:
        sampling["max_model_len"] = settings.vllm.max_model_len  # prompts that are longer leave no records
    return sampling


def _lora(lora: LoraConfig) -> dict[str, Any]:
    modules = lora.target_modules
    settings = {name: getattr(lora, name) for name in LORA_FIELDS}
    return settings | {"target_modules": modules if isinstance(modules, str) else sorted(modules)}


def _of(domains: Iterable[str], identities: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: dict(identities[name]) for name in domains}


def threads_of(execution: ExecutionConfig) -> dict[str, Any]:
    """Return the thread count, which changes rounding on a CPU.

    It is neutral at 1, and if the file sets the device to a GPU.
    """
    neutral = execution.threads == 1 or execution.device == "cuda"
    return {} if neutral else {"threads": execution.threads}
