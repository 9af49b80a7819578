"""Pass rates of the base on train items: measured once, what self-paced phases are ordered by."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.experiment import Experiment
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.identity import Identities, evaluate_payload
from xdomain.plan.stage import BaseStage, PassRateStage, StageKind


def pass_rate_settings(experiment: Experiment) -> EvaluationConfig:
    """How pass rates are measured: on train items, sampled as rollouts are."""
    training, asked = experiment.training, experiment.training.self_paced
    assert asked is not None
    return experiment.evaluation.model_copy(
        update={
            "split": "train",
            "items": asked.items,
            "samples": asked.samples,
            "temperature": training.temperature,
            "top_p": training.top_p,
            "max_completion_tokens": training.max_completion_tokens,
        }
    )


def pass_rate_stages(
    experiment: Experiment, identities: Identities, base: BaseStage, curricula: Sequence[Curriculum]
) -> dict[str, PassRateStage]:
    """One stage a trained domain, by its name; none where nothing is self-paced."""
    if experiment.training.self_paced is None:
        return {}
    measured = experiment.model_copy(update={"evaluation": pass_rate_settings(experiment)})
    found = {}
    for domain in dict.fromkeys(name for curriculum in curricula for name in curriculum.domains):
        payload = evaluate_payload(measured, identities, base.end, domain)
        found[domain] = PassRateStage(
            StageKind.EVALUATE,
            fingerprint(payload),
            f"pass rates of the base on train items of {domain}",
            payload,
            (base.key,),
            base.end,
            domain,
        )
    return found
