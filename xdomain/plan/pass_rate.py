"""Pass rates of the base model on training items. They are measured once and order self-paced phases."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.experiment import Experiment
from xdomain.config.run_id import BASE
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.identity import Identities
from xdomain.plan.recipe import domain_training, evaluations_of
from xdomain.plan.stage import BaseStage, EvaluateStage, Purpose


def pass_rate_stages(
    experiment: Experiment, identities: Identities, base: BaseStage, curricula: Sequence[Curriculum]
) -> dict[str, EvaluateStage]:
    """Return one stage per trained domain, keyed by domain; none if no phase is self-paced."""
    if experiment.training.self_paced is None:
        return {}
    settings = {name: _settings(experiment, name, each) for name, each in evaluations_of(experiment).items()}
    plan = EvaluationPlan(experiment.evaluation_setup, identities, settings, Purpose.PASS_RATE)
    phases = [phase for curriculum in curricula for phase in curriculum.prompted_phases]
    return {
        domain: plan.stage(base.end, BASE, domain, f"pass rates of the base on train items of {domain}")
        for domain in dict.fromkeys(name for phase in phases for name in phase.domains)
    }


def _settings(experiment: Experiment, domain: str, settings: EvaluationConfig) -> EvaluationConfig:
    """Return the evaluation settings for a domain's pass rates, which sample as its rollouts do."""
    training, asked = domain_training(experiment, domain), experiment.training.self_paced
    assert asked is not None
    return settings.model_copy(
        update={
            "items": asked.items,
            "samples": asked.samples,
            "temperature": training.temperature,
            "top_p": training.top_p,
            "max_completion_tokens": training.max_completion_tokens,
        }
    )
