"""Cost of each run of a plan: in total, and what the run adds to the grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Distill, make_phase
from xdomain.config.run_id import RunId
from xdomain.plan.graph import Plan, Run
from xdomain.plan.measurement import UNRECORDED, Effort
from xdomain.plan.prompts import prompts_consumed
from xdomain.plan.recipe import settings_of
from xdomain.plan.stage import PhaseStage, SteplessStage
from xdomain.plan.tokens import completions_of


@dataclass(frozen=True)
class CostOfRun:
    """Cost of the training of one run, without evaluations, the base model and pass rates.

    Attributes:
        total: Amounts of all stages that the run rests on, each counted once.
        marginal: Amounts of those stages that no other run of the grid rests on.
        mixture: Mixture of the same domains whose steps equal the total, "a + b@80"; None for a mixture or a single
            domain, and under the budget `total`, which gives all curricula the same steps.
    """

    run: Run
    total: Effort
    marginal: Effort
    mixture: Curriculum | None


def costs_of_runs(plan: Plan, efforts: Mapping[str, Effort]) -> tuple[CostOfRun, ...]:
    """Return the cost of each run of a plan, in plan order.

    Args:
        efforts: Amounts of each stage of a phase by itself, keyed by the stage's key.
    """
    own = own_stages(plan)
    found = []
    for run in plan.runs:
        total = _sum(efforts[key] for key in run.stages)
        marginal = _sum(efforts[key] for key in own[run.id, run.seed])
        found.append(CostOfRun(run, total, marginal, equal_mixture(run.id, total.steps, plan.experiment)))
    return tuple(found)


def own_stages(plan: Plan) -> dict[tuple[RunId, int], tuple[str, ...]]:
    """Return the keys of the stages that only one run of a plan rests on, by run and seed."""
    users = Counter(key for run in plan.runs for key in set(run.stages))
    return {(run.id, run.seed): tuple(key for key in run.stages if users[key] == 1) for run in plan.runs}


def equal_mixture(run: RunId, steps: int | None, experiment: Experiment) -> Curriculum | None:
    """Return the mixture of a run's domains with the same number of steps, in whole rollouts."""
    names = run.curriculum.named_domains if run.curriculum else ()
    if steps is None or steps < 1 or len(names) < 2 or run.is_mixture or experiment.training.budget == "total":
        return None
    period = experiment.training.rollout_period
    return Curriculum((make_phase(dict.fromkeys(names, 1), -(-steps // period) * period),))


def planned_effort(stage: PhaseStage, experiment: Experiment, tokens: int | None, seconds: float | None) -> Effort:
    """Return the amounts that a stage of a phase will spend.

    Args:
        tokens: Estimate of generated tokens; None if unknown.
        seconds: Estimate of the duration; None if unknown.
    """
    if isinstance(stage, SteplessStage):
        return Effort(seconds=seconds, update_processor_seconds=None)
    if stage.adopted:
        return replace(UNRECORDED, steps=stage.steps)
    training = settings_of(experiment, stage.curriculum).training
    found = Effort(stage.steps, prompts_consumed(stage.steps, training), tokens, None, seconds, None)
    if isinstance(stage.curriculum.phases[-1], Distill):
        taught = None if tokens is None else tokens * training.epochs_per_rollout
        passes = completions_of(stage, experiment) * training.epochs_per_rollout
        return replace(found, taught_tokens=taught, teacher_passes=passes)
    return found


def _sum(efforts: Iterable[Effort]) -> Effort:
    total = Effort()
    for effort in efforts:
        total = total.plus(effort)
    return total
