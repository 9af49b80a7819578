"""Check that the training settings can take effect on the curricula of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.model import ModelConfig
from xdomain.config.optimizer import steps_inside_backward
from xdomain.config.phases import Phase
from xdomain.config.strategy import AdaptiveConfig
from xdomain.core.errors import PlanError
from xdomain.plan.model_shape import LAYER_CLASSES, ModelShape
from xdomain.plan.recipe import distinct_phases, named_strategies, settings_of

SIGNIFICANT_BITS = {"bfloat16": 8, "float16": 11}
"""Bits of a number's significand, including the leading one."""
TYPICAL_WEIGHT = 0.02
"""Typical magnitude of a weight in a pretrained transformer's linear layers."""


def precision_note(model: ModelConfig, rate: float) -> str | None:
    """Return a warning if AdamW's steps are less than half the spacing of the weights' dtype and are lost to rounding.

    AdamW moves a weight by about the learning rate per step. A weight w with p significant bits has neighbours at a
    distance of at least |w| 2^-p, and a step below half of that does not change it.
    """
    bits = SIGNIFICANT_BITS.get(model.dtype)
    if bits is None or model.lora is not None or model.endpoint is not None:
        return None
    largest = rate * 2.0 ** (bits + 1)
    if largest >= TYPICAL_WEIGHT:
        return None
    return (
        f"model.dtype {model.dtype} with learning_rate {rate:g}: a step of that size is rounded away in every weight "
        f"above {largest:.1g}, and weights are typically {TYPICAL_WEIGHT:g}. Use model.dtype: float32 with "
        "training.bf16: true, or model.lora, whose adapters are float32."
    )


def training_notes(experiment: Experiment, curricula: Sequence[Curriculum]) -> list[str]:
    """Return warnings about updates lost to rounding and about domains that some steps of a mixture lack."""
    recipes = [(prefix.phases[-1], settings_of(experiment, prefix).training) for prefix in distinct_phases(curricula)]
    slowest = min((training.learning_rate for _, training in recipes), default=None)
    notes = [note] if slowest is not None and (note := precision_note(experiment.model, slowest)) else []
    mixed = dict.fromkeys((phase, training.prompts_per_step) for phase, training in recipes if phase.is_mixed)
    for phase, prompts in mixed:
        assert isinstance(phase, Phase)
        total = sum(weight for _, weight in phase.weights)
        scarce = [name for name, weight in phase.weights if prompts * weight < total]
        if scarce:
            notes.append(
                f'"{phase}": {prompts} prompts per step are too few to include {", ".join(scarce)} in every step.'
            )
    return notes


def setting_notes(experiment: Experiment, curricula: Sequence[Curriculum]) -> list[str]:
    """Return warnings about checkpoint steps that no stage reaches and about a base model that is not trained."""
    every = experiment.checkpoints.every_steps
    steps = max((settings_of(experiment, prefix).training.steps for prefix in distinct_phases(curricula)), default=0)
    notes = []
    if curricula and every is not None and every > steps:
        notes.append(
            f"checkpoints.every_steps is {every}, but training.steps is {steps}: only the last checkpoint of a stage "
            f"is kept and evaluated. Write `every_steps: {max(1, steps // 2)}` for one in the middle."
        )
    if curricula and experiment.model.preset is not None and experiment.model.warmup is None:
        notes.append(
            "model.preset has random weights: without a warm-up no completion earns a reward. Write "
            f"`warmup: {{steps: 250, domains: [{', '.join(experiment.domain_names)}]}}` under model."
        )
    return notes


def check_layers(experiment: Experiment, shape: ModelShape | None) -> None:
    """Refuse a layer class that the model does not have.

    Args:
        experiment: The experiment.
        shape: Its model's sizes; None if they are not known, and the stage itself checks its layers.

    Raises:
        PlanError: `execution.fsdp.layers` names another class.
    """
    if shape is None:
        return
    own = LAYER_CLASSES[shape.family]
    wrong = [name for name in experiment.execution.fsdp.layers if name.endswith("DecoderLayer") and name != own]
    if wrong:
        raise PlanError(
            f'a {shape.family} model has no layer of the class "{wrong[0]}".',
            where="execution.fsdp.layers",
            fix=f"Write [{own}] or leave it out.",
        )


def check_training(experiment: Experiment, curricula: Sequence[Curriculum]) -> None:
    """Refuse training settings that cannot take effect.

    Raises:
        PlanError: Quotas of informative groups are set without a mixed phase, telemetry is set with an optimizer that
            leaves no gradient, or an order of prompts is set with a strategy that chooses prompts itself.
    """
    mixed = any(phase.is_mixed for curriculum in curricula for phase in curriculum.phases)
    if experiment.training.informative_quotas and not mixed:
        raise PlanError(
            "keeps the ratio of domains in mixed phases, but no curriculum has a mixed phase.",
            where="training.informative_quotas",
            fix='Remove it, or add a curriculum such as "a + b".',
        )
    training = experiment.training
    looked_at = mixed or any(len(phase.domains) > 1 for each in curricula for phase in each.prompted_phases)
    looks = looked_at and training.telemetry_every is not None and training.engine is None
    if looks and steps_inside_backward(training.optimizer):
        raise PlanError(
            "computes the domains' gradients in separate passes, but training.optimizer = "
            f"{training.optimizer} updates the weights in every backward pass.",
            where="training.telemetry_every",
            fix="Set it to null, or choose an optimizer with a separate step (without _layerwise).",
        )
    adaptive = [strategy.name for _, strategy in named_strategies(experiment) if isinstance(strategy, AdaptiveConfig)]
    if experiment.training.self_paced is not None and mixed and adaptive:
        raise PlanError(
            f"orders prompts in advance, but {adaptive[0]} chooses the number of prompts per domain during training.",
            where="training.self_paced",
            fix=f"Remove self_paced or {adaptive[0]}.",
        )
