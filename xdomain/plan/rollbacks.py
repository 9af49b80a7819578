"""Stages that roll a checkpoint back, and the evaluations that they read."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Rollback, RollbackMethod
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.dev_choice import choice_identity, dev_evaluations
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.identity import Identities
from xdomain.plan.merges import strategies_below
from xdomain.plan.recipe import evaluations_of
from xdomain.plan.stage import BaseStage, EvaluateStage, PhaseStage, Purpose, RollbackStage, StageSpec
from xdomain.plan.stepless_identity import rollback_payload

ITEMS = 256
"""Largest number of training items whose right completions show which entries did the damage."""
POINTS = 3
"""Number of points of the integrated gradients. It is doubled, up to 12, while they miss the measured change."""
SHARES = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01)
"""Candidates of `share=auto`. Source: a prototype on the tiny model, in which larger shares overshot."""


def rollback_stage(
    rollback: Rollback,
    chain: Sequence[PhaseStage],
    base: BaseStage,
    experiment: Experiment,
    identities: Identities,
    seed: int,
) -> RollbackStage:
    """Return the stage of a rollback.

    Args:
        rollback: The rollback.
        chain: Stages of the curriculum that is repaired, its end last.
        base: The base model.
        experiment: The experiment.
        identities: Identities of the domains.
        seed: Training seed.
    """
    end = chain[-1]
    target = next(stage for stage in chain if stage.curriculum == rollback.to)
    inputs = (end.end, target.end)
    answers = _answers(rollback, target, experiment, identities)
    chosen_on = rollback.domains if rollback.share is None else ()
    dev = dev_evaluations(end.end, end.title, chosen_on, experiment, identities)
    choice = choice_identity(SHARES, dev) if dev else {}
    payload = rollback_payload(
        rollback, base.key, inputs, experiment.execution, POINTS, answers.key if answers else None, choice
    )
    strategy = ", then ".join(strategies_below([end])) or JOINT
    curriculum = Curriculum((rollback,))
    return RollbackStage(
        key=fingerprint(payload),
        title=f"{curriculum}, seed {seed}" + ("" if strategy == JOINT else f", {strategy}"),
        payload=payload,
        curriculum=curriculum,
        run=RunId(curriculum, strategy),
        parent_run=end.run,
        seed=seed,
        inputs=inputs,
        base=base.end,
        share=rollback.share,
        method=rollback.method,
        points=POINTS,
        answers=answers,
        dev=dev,
    )


def answers_read(stage: StageSpec) -> dict[str, EvaluateStage]:
    """Return the evaluation whose answers a rollback reads, by its key; {} for another stage."""
    answers = stage.answers if isinstance(stage, RollbackStage) else None
    return {} if answers is None else {answers.key: answers}


def _answers(
    rollback: Rollback, target: PhaseStage, experiment: Experiment, identities: Identities
) -> EvaluateStage | None:
    """Return the evaluation of the earlier checkpoint on training items; None for random entries."""
    if rollback.method is RollbackMethod.RANDOM:
        return None
    domain, settings = rollback.domain, evaluations_of(experiment)
    settings = {**settings, domain: settings[domain].model_copy(update={"items": ITEMS})}
    plan = EvaluationPlan(experiment.evaluation_setup, identities, settings, Purpose.REPAIR)
    return plan.stage(target.end, target.title, domain, f"answers of {target.title} to train items of {domain}")
