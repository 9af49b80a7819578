"""Check that the overrides of an experiment select something and give settings that work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.override import Override, phase_kind
from xdomain.config.phase_rules import check_phase_rules
from xdomain.core.errors import PlanError
from xdomain.plan.expand import phase_steps
from xdomain.plan.recipe import distinct_phases, evaluation_of, settings_of


def check_recipes(experiment: Experiment, curricula: Sequence[Curriculum]) -> None:
    """Refuse overrides that select no phase, and settings of a phase or a domain that contradict each other.

    Raises:
        PlanError: The message names the override and the phase.
    """
    phases = distinct_phases(curricula) if experiment.overrides else ()
    for index, override in enumerate(experiment.overrides):
        if override.phase_changes and not any(_selects(override, prefix) for prefix in phases):
            raise PlanError(
                _selects_nothing(override, phases),
                where=f"overrides.{index}.where",
                fix="Change the condition, add a curriculum that has such a phase, or remove the entry.",
            )
    for prefix in phases:
        _refuse(experiment, f'"{prefix.phases[-1]}"', partial(_check_phase, prefix=prefix))
    for domain in experiment.domain_names if experiment.overrides else ():
        _refuse(experiment, f"Evaluation on {domain}", partial(_check_domain, domain=domain))


def _check_phase(experiment: Experiment, prefix: Curriculum) -> str | None:
    """Return why a phase's settings do not work; None if they do."""
    try:
        recipe = settings_of(experiment, prefix)
        training = recipe.training
        check_phase_rules(training, experiment.execution, experiment.checkpoints)
    except PlanError as error:
        return error.what.partition(": ")[2]
    except ValueError as error:
        return str(error)
    steps = phase_steps(prefix, experiment)[-1]
    if recipe.entries and steps % training.rollout_period:
        return (
            f"its {steps} steps should be a multiple of updates_per_rollout x epochs_per_rollout = "
            f"{training.rollout_period}."
        )
    return None


def _check_domain(experiment: Experiment, domain: str) -> str | None:
    try:
        evaluation_of(experiment, domain)
    except PlanError as error:
        return error.what.partition(": ")[2]
    return None


def _refuse(experiment: Experiment, what: str, problem: Callable[[Experiment], str | None]) -> None:
    """Raise a `PlanError` if there is a problem. It names the first override since which the problem exists."""
    found = problem(experiment)
    if found is None:
        return
    count = len(experiment.overrides)
    while count > 1 and problem(_with_first(experiment, count - 1)) is not None:
        count -= 1
    raise PlanError(
        f"{what}: {found}",
        where=f"overrides.{count - 1}",
        fix="Change this entry, or set the other fields of the rule for the same phases as well.",
    )


def _with_first(experiment: Experiment, count: int) -> Experiment:
    return experiment.model_copy(update={"overrides": experiment.overrides[:count]})


def _selects(override: Override, prefix: Curriculum) -> bool:
    return override.where.selects(prefix.phases[-1], len(prefix.phases))


def _selects_nothing(override: Override, phases: Sequence[Curriculum]) -> str:
    where, longest = override.where, max((len(prefix.phases) for prefix in phases), default=0)
    ends = [prefix.phases[-1] for prefix in phases]
    if where.phase is not None and where.phase > longest:
        reason = f"no curriculum has a phase {where.phase}; the longest has {longest}"
    elif where.kind is not None and where.kind not in map(phase_kind, ends):
        reason = f"no phase is a {where.kind}"
    elif where.domain is not None and not any(where.domain in phase.domains for phase in ends):
        reason = f"no curriculum trains {where.domain}"
    else:
        reason = f"no phase has {where}"
    return f"selects nothing: {reason}."
