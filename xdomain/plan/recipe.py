"""The settings of each phase and of each domain's evaluation: an experiment's sections with its `overrides`.

Planning, keys, estimates and workers ask these functions and read neither `training` nor `evaluation` directly, unless
a setting is the same for all phases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from xdomain.config.curriculum import Curriculum, with_inner
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.experiment import Experiment
from xdomain.config.mistakes import sentence
from xdomain.config.model_base import ConfigModel
from xdomain.config.override import Override, Where
from xdomain.config.phases import AnyPhase, Phase, Stepless
from xdomain.config.setups import with_adapter_rank
from xdomain.config.strategy import StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import PlanError
from xdomain.plan.refresh import refresh_settings

Section = TypeVar("Section", bound=ConfigModel)

STRATEGY = "strategy"
"""Name of the strategy among the changes of an override."""
DISAGREE, OWN_STEPS = "its domains disagree", "the phase sets its own steps"


@dataclass(frozen=True)
class Ignored:
    """A field of an override that a selected phase does not use.

    Attributes:
        entry: Index of the override.
        field: Name of the field.
        reason: Reason in words.
    """

    entry: int
    field: str
    reason: str


@dataclass(frozen=True)
class Recipe:
    """The settings of one phase.

    Attributes:
        training: Training settings.
        strategy: Strategy of the phase; None for the strategy of the run.
        changes: Values that overrides set, keyed by field.
        entries: Indices of the overrides that set them.
        ignored: Fields of overrides that the phase does not use.
    """

    training: TrainingConfig
    strategy: StrategyConfig | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    entries: tuple[int, ...] = ()
    ignored: tuple[Ignored, ...] = ()


def settings_of(experiment: Experiment, prefix: Curriculum) -> Recipe:
    """Return the settings of the last phase of `prefix`.

    Overrides apply in their order, so that later entries win. In a mixture, an override with `where.domain` counts for
    that domain, and a field on which the domains differ keeps the value that it has without such overrides.

    Raises:
        PlanError: The settings contradict each other.
    """
    found, phase = _with_overrides(experiment, prefix), prefix.phases[-1]
    is_refresh = isinstance(phase, Phase) and phase.is_refresh
    return replace(found, training=refresh_settings(found.training)) if is_refresh else found


def _with_overrides(experiment: Experiment, prefix: Curriculum) -> Recipe:
    if not experiment.overrides:
        return Recipe(experiment.training)
    phase, number = prefix.phases[-1], len(prefix.phases)
    by_domain = {name: _selected(experiment.overrides, phase, number, name) for name in phase.domains}
    common = _selected(experiment.overrides, phase, number, None)
    changes, entries, ignored = {}, set(), []
    for name in sorted({name for found in by_domain.values() for name in found}):
        default = getattr(experiment.training, name, None)
        values = [found[name][0] if name in found else default for found in by_domain.values()]
        sources = {found[name][1] for found in by_domain.values() if name in found}
        if name == "steps" and phase.steps is not None:
            ignored += [Ignored(entry, name, OWN_STEPS) for entry in sorted(sources)]
        elif all(value == values[0] for value in values):
            changes[name] = values[0]
            entries |= sources
        else:
            if name in common:
                changes[name], entry = common[name]
                entries.add(entry)
            unused = sources - ({common[name][1]} if name in common else set())
            ignored += [Ignored(entry, name, DISAGREE) for entry in sorted(unused)]
    strategy = changes.get(STRATEGY)
    fields = {name: value for name, value in changes.items() if name != STRATEGY}
    try:
        training = _changed(experiment.training, fields)
    except ValidationError as error:
        raise PlanError(f'"{phase}": {sentence(error.errors()[0], TrainingConfig)}', where="overrides") from error
    return Recipe(training, strategy, changes, tuple(sorted(entries)), tuple(ignored))


def distinct_phases(curricula: Iterable[Curriculum]) -> tuple[Curriculum, ...]:
    """Return each distinct phase with steps once per position, as a prefix that ends with it.

    Phases of the curricula inside merges and distillations are included. Equal phases have equal settings.
    """
    found: dict[tuple[AnyPhase, int], Curriculum] = {}
    for curriculum in with_inner(curricula):
        for prefix in curriculum.prefixes():
            if not isinstance(prefix.phases[-1], Stepless):
                found.setdefault((prefix.phases[-1], len(prefix.phases)), prefix)
    return tuple(found.values())


def named_strategies(experiment: Experiment) -> list[tuple[str, StrategyConfig]]:
    """Return each strategy of `strategies` and `overrides` with its dotted field."""
    found = [(f"strategies.{place}", strategy) for place, strategy in enumerate(experiment.strategies)]
    return found + [
        (f"overrides.{place}.strategy", override.strategy)
        for place, override in enumerate(experiment.overrides)
        if override.strategy is not None
    ]


def phases_acted_on(
    experiment: Experiment, strategy: StrategyConfig, curricula: Iterable[Curriculum]
) -> list[Curriculum]:
    """Return the distinct phases that a strategy trains differently than joint, each as a prefix that ends with it."""
    listed = strategy in experiment.strategies
    return [
        prefix
        for prefix in distinct_phases(curricula)
        if isinstance(prefix.phases[-1], Phase)
        and strategy.acts_on(len(prefix.phases) - 1, prefix.phases[-1].is_mixed)
        and (settings_of(experiment, prefix).strategy or (strategy if listed else None)) == strategy
    ]


def domain_training(experiment: Experiment, domain: str) -> TrainingConfig:
    """Return the training settings of a domain by overrides that select only by domain.

    They decide the length of completions in evaluation, unless it is set, and how pass rates are sampled.
    """
    changes: dict[str, Any] = {}
    for override in experiment.overrides:
        if override.where == Where(domain=domain) and override.training is not None:
            changes |= override.training.changes
    return experiment.training.model_copy(update=changes)


def evaluation_of(experiment: Experiment, domain: str) -> EvaluationConfig:
    """Return the evaluation settings of a domain, with training's defaults filled in.

    Raises:
        PlanError: The settings contradict each other.
    """
    changes: dict[str, Any] = {}
    for override in experiment.overrides:
        if override.where.domain == domain:
            changes |= override.evaluation_changes
    try:
        evaluation = _changed(experiment.evaluation, changes)
    except ValidationError as error:
        what = f"evaluation on {domain}: {sentence(error.errors()[0], EvaluationConfig)}"
        raise PlanError(what, where="overrides") from error
    tokens = evaluation.max_completion_tokens or domain_training(experiment, domain).max_completion_tokens
    return with_adapter_rank(evaluation.model_copy(update={"max_completion_tokens": tokens}), experiment.model)


def evaluations_of(experiment: Experiment) -> dict[str, EvaluationConfig]:
    """Return the evaluation settings of each domain."""
    return {domain: evaluation_of(experiment, domain) for domain in experiment.domain_names}


def _selected(
    overrides: Sequence[Override], phase: AnyPhase, number: int, domain: str | None
) -> dict[str, tuple[Any, int]]:
    """Return value and override index of each field that overrides for all domains, or for `domain`, set in a phase."""
    return {
        name: (value, index)
        for index, override in enumerate(overrides)
        if override.where.selects(phase, number) and override.where.domain in (None, domain)
        for name, value in override.phase_changes.items()
    }


def _changed(section: Section, changes: dict[str, Any]) -> Section:
    """Return a section with some fields changed, and validated again."""
    if not changes:
        return section
    return type(section).model_validate({name: getattr(section, name) for name in section.model_fields_set} | changes)
