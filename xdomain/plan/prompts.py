"""Numbers of prompts that phases draw from the domains' queues."""

from __future__ import annotations

from xdomain.config.experiment import Experiment
from xdomain.config.phases import Distill, Phase
from xdomain.config.training import TrainingConfig
from xdomain.plan.expand import expand_curricula
from xdomain.plan.recipe import distinct_phases, settings_of


def prompts_consumed(steps: int, training: TrainingConfig) -> int:
    """Return the number of prompts that `steps` optimizer steps draw from the schedule.

    The epochs of a rollout reuse its prompts.
    """
    return steps * training.prompts_per_step // training.epochs_per_rollout


def phase_quotas(phase: Phase | Distill, prompts: int) -> dict[str, int]:
    """Return the exact number of prompts of each domain in a phase.

    The numbers are proportional to the weights. The first names get the remainder.
    """
    total = sum(weight for _, weight in phase.weights)
    quotas = {name: prompts * weight // total for name, weight in phase.weights}
    for name in phase.domains[: prompts - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def most_prompts_a_step(experiment: Experiment) -> dict[str, int]:
    """Return the largest number of prompts that one step draws from each trained domain."""
    found: dict[str, int] = {}
    for prefix in distinct_phases(expand_curricula(experiment)):
        (*_, phase), training = prefix.prompted_phases, settings_of(experiment, prefix).training
        quotas = phase_quotas(phase, training.prompts_per_step)
        for name, prompts in quotas.items():
            found[name] = max(found.get(name, 0), prompts)
    return found
