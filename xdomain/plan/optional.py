"""Optional stages: planned from the start, but run only if the alarm of an earlier stage calls for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Phase, make_refresh
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.recipe import settings_of
from xdomain.plan.refresh import refresh_steps
from xdomain.plan.stage import PhaseStage, StageSpec, TrainStage


@dataclass(frozen=True)
class Condition:
    """The condition of an optional stage: an alarm of another stage calls to refresh a domain.

    Attributes:
        stage: Key of the monitored stage.
        domain: Domain that the refresh trains on.
        threshold: Smallest fall of accuracy that counts.
    """

    stage: str
    domain: str
    threshold: float


@dataclass(frozen=True)
class OptionalStage:
    """A stage that runs only if its condition holds: a refresh, or an evaluation of one."""

    stage: StageSpec
    condition: Condition


def refreshes(
    experiment: Experiment, stage: PhaseStage, phases_of: Callable[[Curriculum], Iterable[PhaseStage]]
) -> Iterator[tuple[PhaseStage, Condition]]:
    """Yield the refresh of each monitored domain after a stage; nothing if its alarms do not call for one.

    Args:
        experiment: The experiment.
        stage: The monitored stage.
        phases_of: Function that returns the stages of a curriculum with the stage's seed and strategy, the end last.
    """
    if not isinstance(stage, TrainStage) or stage.adopted or is_refresh(stage.curriculum):
        return
    training = settings_of(experiment, stage.curriculum).training
    alarms = training.alarms
    if alarms is None or not alarms.refreshes:
        return
    for domain in alarms.monitored(experiment.domain_names):
        phase = make_refresh(domain, refresh_steps(stage.steps, training))
        *_, refresh = phases_of(Curriculum((*stage.curriculum.phases, phase)))
        yield refresh, Condition(stage.key, domain, alarms.threshold)


def is_refresh(prefix: Curriculum) -> bool:
    """Return whether the last phase of a curriculum is a refresh."""
    phase = prefix.phases[-1]
    return isinstance(phase, Phase) and phase.is_refresh


def optional_stages(
    conditions: Iterable[tuple[PhaseStage, Condition]], evaluations: EvaluationPlan
) -> dict[str, OptionalStage]:
    """Return refreshes and their evaluations by key, each refresh before its evaluations."""
    return {
        each.key: OptionalStage(each, condition)
        for stage, condition in conditions
        for each in (stage, *evaluations.of_phase(stage).values())
    }
