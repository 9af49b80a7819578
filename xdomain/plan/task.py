"""The task file that one worker process reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from xdomain.config.execution import ExecutionConfig
from xdomain.config.experiment import Experiment
from xdomain.config.model_base import ConfigModel
from xdomain.config.setups import BaseSetup, TrainingSetup
from xdomain.plan.adopted import adopted_run
from xdomain.plan.expand import expand_curricula
from xdomain.plan.graph import Setup
from xdomain.plan.recipe import evaluation_of, settings_of
from xdomain.plan.stage import BaseStage, StageSpec, TaggedStage, TrainStage


class Order(ConfigModel):
    """One stage of a task, and the location of its inputs. Paths are relative to the store's root."""

    stage: TaggedStage
    inputs: Mapping[str, str]
    """Published folder of each stage that this stage reads, keyed by stage key."""
    checkpoints: tuple[str, ...]
    """Folders of checkpoints whose digests are verified before the stage begins."""


class TaskFile(ConfigModel):
    """The work of one process: one base or training stage, or the evaluations of one checkpoint."""

    store: str
    orders: tuple[Order, ...]
    setup: TrainingSetup | BaseSetup | None
    """Sections of the experiment that a base or training stage uses.

    It is null for evaluations, which contain all of their settings.
    """
    execution: ExecutionConfig
    stale_tokens: dict[str, str] = Field(default_factory=dict)
    """Leases, keyed by stage key, whose holder on another machine stopped sending heartbeats."""
    command: tuple[str, ...] = ()
    """Command that the user typed, for the stages' records."""
    runner: str = ""
    """Session that ordered the task.

    A session uses it to tell its own stages from those that another session published.
    """

    @classmethod
    def read(cls, path: Path) -> TaskFile:
        """Read a task from its file."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


def work_setup(stage: StageSpec, setup: Setup) -> TrainingSetup | BaseSetup | None:
    """Return the sections of an experiment that a worker needs for `stage`."""
    if isinstance(stage, TrainStage):
        assert isinstance(setup, Experiment)
        recipe = settings_of(setup, stage.curriculum)
        alarms = recipe.training.alarms
        watched = alarms.monitored(setup.domain_names) if alarms else ()
        looks = {name: evaluation_of(setup, name) for name in watched}
        return setup.training_setup.model_copy(update={"training": recipe.training, "looks": looks})
    return base_setup(setup) if isinstance(stage, BaseStage) else None


def _trains(experiment: Experiment) -> bool:
    """Return whether a phase of some curriculum and seed is trained, not declared."""
    prefixes = {prefix for curriculum in expand_curricula(experiment) for prefix in curriculum.prefixes()}
    return any(adopted_run(experiment, prefix, seed) is None for prefix in prefixes for seed in experiment.seeds)


def base_setup(setup: Setup) -> BaseSetup:
    """Return the sections that the base model's stage uses.

    Training settings are included only if something is trained.
    """
    assert setup.model is not None
    training = setup.training if isinstance(setup, Experiment) and _trains(setup) else None
    return BaseSetup(name=setup.name, model=setup.model, domains=setup.domains, training=training)
