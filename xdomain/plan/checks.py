"""Whether settings of training can act on the curricula that a grid holds."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.optimizer import steps_inside_backward
from xdomain.config.strategy import AdaptiveConfig
from xdomain.core.errors import PlanError


def training_notes(experiment: Experiment, curricula: Sequence[Curriculum]) -> list[str]:
    """What of the training may surprise, in words for the plan: domains that most steps of a mixture lack."""
    prompts = experiment.training.prompts_per_step
    mixed = dict.fromkeys(phase for each in curricula for phase in each.phases if phase.is_mixed)
    notes = []
    for phase in mixed:
        total = sum(weight for _, weight in phase.weights)
        scarce = [name for name, weight in phase.weights if prompts * weight < total]
        if scarce:
            notes.append(
                f'"{phase}": {prompts} prompts a step are less than one of {", ".join(scarce)}, so steps without '
                "it are made of the other domains alone."
            )
    return notes


def check_training(experiment: Experiment, curricula: Sequence[Curriculum]) -> None:
    """Refuse what could not act.

    Raises:
        PlanError: quotas of informative groups without a mixed phase; telemetry beside an optimizer that leaves no
            gradient; an order of prompts beside a strategy that chooses prompts itself.
    """
    mixed = any(phase.is_mixed for curriculum in curricula for phase in curriculum.phases)
    if experiment.training.informative_quotas and not mixed:
        raise PlanError(
            "holds domains of a mixed phase to their ratio, and no curriculum has one.",
            where="training.informative_quotas",
            fix='Leave it out, or add a curriculum such as "a + b".',
        )
    training = experiment.training
    if mixed and training.telemetry_every is not None and steps_inside_backward(training.optimizer):
        raise PlanError(
            "looks at the domains' gradients in passes of its own, but training.optimizer = "
            f"{training.optimizer} moves the weights in every backward pass.",
            where="training.telemetry_every",
            fix="Set it to null, or choose an optimizer with a step of its own (without _layerwise).",
        )
    adaptive = [strategy.name for strategy in experiment.strategies if isinstance(strategy, AdaptiveConfig)]
    if experiment.training.self_paced is not None and mixed and adaptive:
        raise PlanError(
            f"orders prompts beforehand, but {adaptive[0]} chooses how many of each domain come as training goes.",
            where="training.self_paced",
            fix=f"Leave self_paced or {adaptive[0]} out.",
        )
