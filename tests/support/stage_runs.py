"""Training stages without a store: a folder per stage, run in this process by the real trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.stages import train_stage
from xdomain.config.experiment import Experiment
from xdomain.config.setups import TrainingSetup
from xdomain.config.strategy import StrategyModel
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext
from xdomain.core.states import NoteKind
from xdomain.plan.stage import CheckpointRef, TrainStage
from xdomain.plan.task import base_setup, work_setup
from xdomain.train.base_model import run_base
from xdomain.train.run import run_train


class Silent:
    """A reporter that tells nobody."""

    def progress(self, done: int, total: int, **values: Any) -> None:
        pass

    def event(self, kind: NoteKind, **values: Any) -> None:
        pass


@dataclass(frozen=True)
class TrainedStage:
    """What a stage left: its folder and its totals."""

    work: Path
    summary: Mapping[str, Any]


class Stages:
    """A miniature store: stages below one folder, as deep as in the real one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inputs: dict[str, Path] = {}

    @classmethod
    def on_base_of(cls, other: Path, root: Path) -> Stages:
        """Return a store at `root` that has the base model of the one at `other`."""
        made = cls(root)
        (root / "stages").mkdir()
        made.inputs["base"] = root / "stages" / "base"
        made.inputs["base"].symlink_to(other / "stages" / "base")
        return made

    def context(self, key: str) -> StageContext:
        """Return the surroundings of a stage that may read every stage before it."""
        folder = self.root / "stages" / key
        folder.mkdir(parents=True, exist_ok=True)
        self.inputs[key] = folder
        return StageContext(folder, self.root / "scratch" / key, dict(self.inputs), 7, "cpu", Silent())

    def base(self, experiment: Experiment) -> None:
        """Prepare the base model under the key "base"."""
        assert run_base(base_setup(experiment), self.context("base")).finished

    def train(
        self,
        experiment: Experiment,
        key: str,
        parent: str,
        curriculum: str,
        strategy: StrategyModel | None = None,
        teachers: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> TrainedStage:
        """Train four steps from the end of `parent`; `changes` replace fields of the stage's context.

        `teachers` are the keys of the stages whose ends teach a distillation's domains.
        """
        context = replace(self.context(key), **changes)
        start = ending(parent)
        teaching = {domain: ending(teacher) for domain, teacher in (teachers or {}).items()}
        stage = train_stage(
            curriculum, key=key, parent=start, strategy=strategy, steps=4, checkpoint_steps=(2, 4), teachers=teaching
        )
        return TrainedStage(context.work, run_train(training_setup(experiment, stage), stage, context).summary)

    def end(self, key: str) -> Path:
        """Return the folder of a stage's last checkpoint."""
        return checkpoint_folder(self.inputs[key], 0 if key == "base" else 4)


def ending(key: str) -> CheckpointRef:
    """Return the last checkpoint of a stage."""
    return CheckpointRef(key, 0 if key == "base" else 4)


def training_setup(experiment: Experiment, stage: TrainStage) -> TrainingSetup:
    """Return the sections of an experiment that a worker gets for a stage."""
    setup = work_setup(stage, experiment)
    assert isinstance(setup, TrainingSetup)
    return setup
