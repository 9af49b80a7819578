"""The files of a stage's command, and the task file that says all of the stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from xdomain.config.engine import EngineConfig
from xdomain.config.setups import TrainingSetup
from xdomain.core.artifact_layout import CHECKPOINTS, checkpoint_folder
from xdomain.core.files import remove, write_private
from xdomain.core.stage import StageContext
from xdomain.models.checkpoint import CheckpointInfo
from xdomain.plan.stage import TrainStage
from xdomain.train.command.metrics import FILE as METRICS
from xdomain.train.command.process import ended_with
from xdomain.train.command.reward import FUNCTION
from xdomain.train.command.scorer import Address

CONTRACT = 1
"""Version of the contract; it rises when a command that obeyed it would no longer work."""
REFUSED = "refused"
"""Mark of a folder whose outputs were refused: the next attempt begins anew."""


@dataclass(frozen=True)
class Files:
    """The files of a stage's command, below the stage's scratch folder."""

    folder: Path

    @cached_property
    def task(self) -> Path:
        return self.folder / "task.json"

    @cached_property
    def reward(self) -> Path:
        return self.folder / "reward.json"

    @cached_property
    def prompts(self) -> Path:
        return self.folder / "prompts.jsonl"

    @cached_property
    def parquet(self) -> Path:
        return self.folder / "prompts.parquet"

    @cached_property
    def output(self) -> Path:
        return self.folder / CHECKPOINTS  # the store copies files of other folders when a stage changes hands

    @cached_property
    def state(self) -> Path:
        return self.folder / "state"

    @cached_property
    def metrics(self) -> Path:
        return self.folder / METRICS

    @property
    def has_ended(self) -> bool:
        """Whether the command ended with exit code 0 in an earlier attempt that did not come to publish."""
        return ended_with(self.folder / "exit") == 0

    def refuse(self) -> None:
        """Note that the outputs were refused. They stay to be looked at until the next attempt."""
        (self.folder / REFUSED).touch()

    def prepare(self, engine: EngineConfig) -> None:
        """Make the folders. What an earlier attempt left stays only if the command can go on from it."""
        if (self.folder / REFUSED).exists():
            remove(self.folder)
        if not engine.guarantees.resume and not self.has_ended:
            for path in (self.output, self.state, self.metrics):
                remove(path)
        for folder in (self.output, self.state):
            folder.mkdir(parents=True, exist_ok=True)


def write_task(
    files: Files,
    setup: TrainingSetup,
    stage: TrainStage,
    context: StageContext,
    info: CheckpointInfo,
    stops: Mapping[str, Sequence[str]],
    address: Address,
) -> None:
    """Write the task file. Only this user may read it, since it holds the scorer's token.

    Args:
        files: Where it is written.
        setup: Model, domains and training settings.
        stage: The stage.
        context: Its surroundings.
        info: The parent checkpoint.
        stops: Stop strings of each domain.
        address: The scorer's.
    """
    training = setup.training
    assert training.engine is not None
    settings = training.model_dump(mode="json", include=set(training.engine.receives))
    parent, base = (checkpoint_folder(context.inputs[ref.stage], ref.step) for ref in (stage.parent, stage.base))
    task = {
        "contract": CONTRACT,
        "stage": stage.title,
        "parent": str(parent.resolve()),
        "base": str(base.resolve()),
        "dtype": info.dtype,
        "chat_template": info.chat_template,
        "prompts": str(files.prompts),
        "prompts_parquet": str(files.parquet),
        "prompts_per_step": training.prompts_per_step,
        "seed": context.seed,
        "steps": stage.steps,
        "checkpoint_steps": list(stage.checkpoint_steps),
        "training": settings,
        "stop": {name: list(texts) for name, texts in stops.items()},
        "device": context.device,
        "processes": context.processes,
        "threads": torch.get_num_threads(),
        "reward": {"function": FUNCTION, "url": address.url, "token": address.token},
        "output": str(files.output),
        "state": str(files.state),
        "metrics": str(files.metrics),
    }
    files.task.unlink(missing_ok=True)
    write_private(files.task, json.dumps(task, indent=1))
