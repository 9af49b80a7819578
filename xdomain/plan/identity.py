"""What a stage's key is made of: fields are named here one by one, never dumped from the configuration.

What changes numbers counts; paths, worker counts, executors and devices do not. A field added later declares the
neutral value at which it is left out, so that old keys survive. A changed meaning of code bumps that kind's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xdomain.config.curriculum import Phase
from xdomain.config.experiment import Experiment
from xdomain.config.strategy import JointConfig, StrategyConfig
from xdomain.plan.stage import CheckpointRef

BASE_VERSION = 1
TRAIN_VERSION = 1
EVALUATE_VERSION = 1

TRAINING_FIELDS = (
    "prompts_per_step", "generations", "updates_per_rollout", "epochs_per_rollout", "micro_batch", "learning_rate",
    "lr_schedule", "warmup_ratio", "weight_decay", "max_grad_norm", "optimizer", "loss_type", "beta", "epsilon",
    "epsilon_high", "scale_rewards", "temperature", "top_p", "max_prompt_tokens", "max_completion_tokens", "bf16",
    "gradient_checkpointing", "rollout", "grpo",
)  # fmt: skip


@dataclass(frozen=True)
class Identities:
    """What only files can tell, looked up by `resolve` and handed in as values.

    Attributes:
        model: digest or pinned revision of the model source.
        domains: for each domain, what changes its items, prompts or verdicts.
        rewards: for each domain, what changes its rewards.
    """

    model: Mapping[str, Any]
    domains: Mapping[str, Mapping[str, Any]]
    rewards: Mapping[str, Mapping[str, Any]]


def base_payload(experiment: Experiment, identities: Identities) -> dict[str, Any]:
    """Identity of the base: no training seed in it."""
    model = experiment.model
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
            "domains": {name: dict(identities.domains[name]) for name in sorted(warmup.domains)},
        }
        payload |= _threads(experiment)
    return payload


def train_payload(
    experiment: Experiment,
    identities: Identities,
    parent: str,
    phase: Phase,
    steps: int,
    seed: int,
    offsets: Mapping[str, int],
    strategy: StrategyConfig,
    pass_rates: Mapping[str, str],
) -> dict[str, Any]:
    """Identity of one phase. The parent's key in it is what makes prefixes shared, and only true ones."""
    training, model = experiment.training, experiment.model
    settings = {name: getattr(training, name) for name in TRAINING_FIELDS}
    if training.beta > 0:
        settings["reference"] = training.reference
    if training.rollout_draws != "stream":
        settings["rollout_draws"] = training.rollout_draws
    payload: dict[str, Any] = {
        "kind": "train",
        "version": TRAIN_VERSION,
        "parent": parent,
        "weights": dict(phase.weights),
        "domains": {name: dict(identities.domains[name]) for name in phase.domains},
        "rewards": {name: dict(identities.rewards[name]) for name in phase.domains},
        "steps": steps,
        "seed": seed,
        "training": settings,
        "checkpoint_every": experiment.checkpoints.every_steps,
    }
    if any(offsets.get(name) for name in phase.domains):
        payload["offsets"] = {name: offsets[name] for name in phase.domains if offsets.get(name)}
    if model.lora is not None:
        lora = model.lora
        payload["lora"] = {
            "r": lora.r,
            "alpha": lora.alpha,
            "dropout": lora.dropout,
            "target_modules": lora.target_modules
            if isinstance(lora.target_modules, str)
            else sorted(lora.target_modules),
            "chaining": lora.chaining,
        }
    if strategy != JointConfig():
        payload["strategy"] = strategy.identity()
    if pass_rates:
        payload["self_paced"] = {name: pass_rates[name] for name in phase.domains}
    if phase.is_mixed and training.informative_quotas:
        payload["informative_quotas"] = 2  # of the rule; `True` was one that forgot the rollouts before
    return payload | _threads(experiment)


def evaluate_payload(
    experiment: Experiment, identities: Identities, checkpoint: CheckpointRef, domain: str
) -> dict[str, Any]:
    """Identity of one checkpoint on one domain."""
    evaluation = experiment.evaluation
    payload = {
        "kind": "evaluate",
        "version": EVALUATE_VERSION,
        "checkpoint": {"stage": checkpoint.stage, "step": checkpoint.step},
        "domain": {"name": domain, **identities.domains[domain]},
        "items": evaluation.items,
        "samples": evaluation.samples,
        "temperature": evaluation.temperature,
        "top_p": evaluation.top_p,
        "max_completion_tokens": completion_tokens(experiment),
        "seed": evaluation.seed,
        "backend": evaluation.backend,
        "split": evaluation.split,
        "batch_tokens": evaluation.batch_tokens,
    }
    if evaluation.backend == "vllm" and evaluation.vllm.max_model_len is not None:
        payload["max_model_len"] = evaluation.vllm.max_model_len  # longer prompts have no records
    return payload | _threads(experiment)


def completion_tokens(experiment: Experiment) -> int:
    """Longest completion in evaluation; training's where the file does not say."""
    return experiment.evaluation.max_completion_tokens or experiment.training.max_completion_tokens


def _threads(experiment: Experiment) -> dict[str, Any]:
    """Thread count, which changes rounding on a CPU: neutral at 1, and where the file says that the device is a GPU."""
    execution = experiment.execution
    neutral = execution.threads == 1 or execution.device == "cuda"
    return {} if neutral else {"threads": execution.threads}
