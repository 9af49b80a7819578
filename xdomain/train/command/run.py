"""One training stage by a command: files for it, its process, and what it left.

Like the built-in trainer in `train/run.py` this trains a stage from its parent checkpoint to the checkpoints of its
kept steps, and leaves `checkpoints/`, `schedule.jsonl` and `metrics.jsonl` in the work folder.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from transformers import AutoConfig

from xdomain.config.setups import TrainingSetup
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StageError
from xdomain.core.files import write_json
from xdomain.core.model_context import context_of
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.base import Domain
from xdomain.models.checkpoint import load_tokenizer, read_info
from xdomain.plan.prompts import prompts_consumed
from xdomain.plan.stage import TrainStage
from xdomain.train.callbacks import read_metrics, truncate_lines
from xdomain.train.command.checkpoints import Parent, take_checkpoints
from xdomain.train.command.metrics import newest_step, take_metrics
from xdomain.train.command.process import run_command
from xdomain.train.command.reward import VARIABLE, RewardFile, StageReward
from xdomain.train.command.schedule import CommandSchedule
from xdomain.train.command.scorer import scorer
from xdomain.train.command.task import Files, write_task
from xdomain.train.displacement import displacement
from xdomain.train.prompts import StagePrompts

PROBES = 8
"""Prompts that a tokenizer of the command's must encode as the parent's does."""


class CommandTraining:
    """Train one stage with the command of `training.engine`.

    Args:
        setup: Model, domains and training settings.
        stage: The stage.
        context: Its surroundings.
        domains: Domains of the phase by name.
    """

    def __init__(
        self, setup: TrainingSetup, stage: TrainStage, context: StageContext, domains: Mapping[str, Domain]
    ) -> None:
        assert setup.training.engine is not None
        self._setup = setup
        self._engine = setup.training.engine
        self._stage = stage
        self._context = context
        self._domains = domains
        self._files = Files(context.scratch / "engine")
        self._parent = checkpoint_folder(context.inputs[stage.parent.stage], stage.parent.step)
        self._info = read_info(self._parent)
        self._tokenizer = load_tokenizer(self._parent)
        self._reported: int | None = None

    def run(self) -> StageResult:
        """Train the stage.

        Raises:
            CommandKilled: a signal ended the command.
            StageError: the command failed, or its outputs are refused.
        """
        self._files.prepare(self._engine)
        training, chat = self._setup.training, self._info.chat_template
        config = AutoConfig.from_pretrained(self._parent, trust_remote_code=self._info.custom_code)
        prompts = StagePrompts(
            training,
            self._stage,
            self._context,
            self._domains,
            self._tokenizer,
            chat=chat,
            room=context_of(config),
        )
        schedule = CommandSchedule(prompts, training, self._tokenizer, chat=chat)
        seconds: float | None = None
        if not self._files.has_ended:
            begun = time.perf_counter()
            if not self._train(schedule):
                return StageResult(finished=False, summary={"step": newest_step(self._files.metrics) or 0})
            seconds = time.perf_counter() - begun
        self._take(schedule)
        return StageResult(finished=True, summary=self._summary(prompts.too_long, seconds))

    def _train(self, schedule: CommandSchedule) -> bool:
        """Run the command; return False if it was stopped on request."""
        files, stage = self._files, self._stage
        schedule.write_jsonl(files.prompts)
        schedule.write_parquet(files.parquet)
        reward_file = RewardFile(domains=self._setup.domains, names=tuple(stage.phase.domains), opened=schedule.opened)
        write_json(files.reward, reward_file.model_dump(mode="json"), durable=False)
        truncate_lines(files.metrics, stage.steps)  # a kill may have torn the last one
        reward = StageReward(self._domains, {(name, index): tag for name, index, tag in schedule.opened})
        stops = {name: domain.stop for name, domain in self._domains.items()}
        with scorer(reward) as address:
            write_task(files, self._setup, stage, self._context, self._info, stops, address)
            code = run_command(
                self._engine,
                files.task,
                {VARIABLE: str(files.reward)},
                stop_requested=self._context.stop_requested,
                on_look=self._report,
            )
        if code:
            raise StageError(
                f"the command ended with exit code {code}.",
                where="training.engine",
                fix="`xdomain grid logs` shows what it printed.",
            )
        return code is not None

    def _take(self, schedule: CommandSchedule) -> None:
        files, stage, work = self._files, self._stage, self._context.work
        parent = Parent(self._parent, self._tokenizer, schedule.texts(PROBES))
        try:
            take_metrics(files.metrics, work / "metrics.jsonl", stage.steps)
            take_checkpoints(files.output, work, stage.checkpoint_steps, parent)
        except StageError:
            files.refuse()
            raise

    def _report(self) -> None:
        step = newest_step(self._files.metrics)
        if step is not None and step != self._reported:
            self._reported = step
            self._context.reporter.progress(min(max(step, 0), self._stage.steps), self._stage.steps)

    def _summary(self, too_long: int, seconds: float | None) -> dict[str, Any]:
        """The stage's figures. Tokens and informative groups are known only to the command."""
        stage, work = self._stage, self._context.work
        end = checkpoint_folder(work, stage.steps)
        return {
            "steps": stage.steps,
            "prompts": prompts_consumed(stage.steps, self._setup.training),
            "completion_tokens": None,
            "informative_groups": None,
            "training_seconds": seconds,
            "metric_lines": len(read_metrics(work / "metrics.jsonl")),
            "too_long_prompts": too_long,
            "displacement": displacement(end, self._parent),
            "engine": self._engine.identity() | {"guarantees": self._engine.guarantees.model_dump()},
        }
