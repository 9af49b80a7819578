"""Watch the accuracy of domains during a stage, and raise alarms. Training itself does not change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from transformers import TrainerCallback

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import PlanError, StageError
from xdomain.core.files import remove
from xdomain.core.number_text import points
from xdomain.core.stage import StageContext, StoppedByAlarm
from xdomain.core.states import NoteKind
from xdomain.domains.base import Domain, Split
from xdomain.generation.sampler import Sampler
from xdomain.plan.alarms.decision import Decision, FloatArray, Watch, new_watch
from xdomain.plan.alarms.design import AlarmDesign
from xdomain.plan.alarms.looks import LOOKS, Look, differences, header, read_looks
from xdomain.plan.alarms.onset import onset
from xdomain.plan.alarms.planned import stage_alarms
from xdomain.plan.alarms.stopped import kept_steps
from xdomain.train.callbacks import truncate_lines
from xdomain.train.dev_items import DevItems, evaluated
from xdomain.train.processes import is_first
from xdomain.train.samplers import new_sampler


@dataclass(frozen=True)
class Monitored:
    """What a stage's alarms need: the design, the items of each domain, and settings."""

    design: AlarmDesign
    items: Mapping[str, DevItems]
    evaluations: Mapping[str, EvaluationConfig]
    threshold: float = 0.0
    """Smallest fall of accuracy that stops the stage."""
    stops: bool = False
    """Whether an alarm may stop the stage, so that all looks are needed."""


def monitored(
    training: TrainingConfig,
    steps: int,
    domains: Mapping[str, Domain],
    evaluations: Mapping[str, EvaluationConfig],
    tokenizer: Any,
    context: StageContext,
    *,
    chat: bool,
) -> Monitored | None:
    """Return what alarms need in this stage; None if it is too short for the budget, which the stage's log says.

    Args:
        training: Training settings with `alarms`.
        steps: Optimizer steps of the stage.
        domains: The monitored domains.
        evaluations: Settings with which the dev items of each domain are evaluated.
        tokenizer: Tokenizer of the model.
        context: Surroundings of the stage.
        chat: Whether prompts go through the chat template.
    """
    counts = {name: len(domain.items(Split.DEV)) for name, domain in domains.items()}
    try:
        design = stage_alarms(training, steps, counts)
    except PlanError as error:
        context.reporter.event(NoteKind.MONITORING, message=f"no alarms in this stage: {error.what}")
        return None
    for name, reason in design.skipped.items():
        context.reporter.event(NoteKind.MONITORING, message=f"{name} is not monitored: {reason}")
    items = {
        name: DevItems(domains[name], own, evaluations[name], tokenizer, chat=chat)
        for name, own in design.domains.items()
    }
    assert training.alarms is not None
    return Monitored(design, items, evaluations, training.alarms.threshold, training.alarms.stops)


class AlarmCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """A callback that takes looks and writes them to `looks.jsonl`. Only the first process takes them.

    Looks that a killed attempt stored are read, not taken again. A resumed stage decides as one without interruption,
    because decisions follow from the stored scores. On a GPU, steps do not repeat bit by bit, so looks after the resume
    state are taken again.

    Args:
        trainer: The trainer. Its metrics get each domain's accuracy, for trackers.
        monitored: Design and items.
        context: Surroundings of the stage.
        resumed: Step from which the stage continues; 0 for its start.
        keep: Function that writes the checkpoint of a step, if an alarm may stop the stage; else None.

    Attributes:
        stopped: Alarm that ended the stage; None if none did.
    """

    def __init__(
        self,
        trainer: Any,
        monitored: Monitored,
        context: StageContext,
        resumed: int,
        keep: Callable[[int], None] | None = None,
    ) -> None:
        self._trainer, self._context = trainer, context
        self._keep = keep
        self.stopped: StoppedByAlarm | None = None
        self._monitored, self._design = monitored, monitored.design
        self.path = context.work / LOOKS
        self._sampler: Sampler | None = None
        self._watches: dict[str, Watch] = {
            name: new_watch(each, len(self._design.looks), self._design.alpha, context.seed, name)
            for name, each in self._design.domains.items()
        }
        self._differences: dict[str, list[FloatArray]] = {name: [] for name in self._watches}
        self._reference: dict[str, Look] = {}
        self._stored: dict[tuple[int, str], Look] = {}
        self.active = is_first() and self._open(resumed)
        """Whether looks are taken. False in a resumed stage whose first part was not monitored in the same way."""

    def _open(self, resumed: int) -> bool:
        """Read the looks of an earlier attempt, or begin the file."""
        first = header(self._design, {name: [item.id for item in own.items] for name, own in self._items().items()})
        if self.path.exists():
            truncate_lines(self.path, resumed if self._context.device != "cpu" else self._design.looks[-1])
            lines = self.path.read_text(encoding="utf-8").splitlines()
            if lines and json.loads(lines[0]) == json.loads(first):
                self._stored = {(look.step, look.domain): look for look in read_looks(self.path).looks}
        due = [0, *(step for step in self._design.looks if step <= resumed)]
        if resumed and not all((step, name) in self._stored for step in due for name in self._watches):
            message = "no alarms from here on: the stage's first part was not monitored with these settings"
            if self._monitored.stops:
                raise StageError(
                    f"{LOOKS} does not hold the looks before step {resumed}, which decide about alarms.",
                    where="training.alarms.on_alarm",
                    fix=f"Delete {self._context.scratch}, so that the stage begins anew.",
                )
            self._context.reporter.event(NoteKind.MONITORING, message=message)
            remove(self.path)
            return False
        if not self._stored:
            self.path.write_text(f"{first}\n", encoding="utf-8")
        return True

    def _items(self) -> Mapping[str, DevItems]:
        return self._monitored.items

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for step in (0, *self._design.looks) if self.active else ():
            if step <= state.global_step:
                self._look(step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        if self.active and state.global_step in self._design.looks:
            if self._keep is not None:
                self._keep(state.global_step)
            self._look(state.global_step)
        control.should_training_stop |= self.stopped is not None
        return control

    def _look(self, step: int) -> None:
        for name in self._watches:
            look = self._stored.get((step, name))
            if look is None:
                look = self._answer(step, name, self._items()[name].watched)
            if step == 0:
                self._begin(name, look)
            else:
                self._decide(name, look)
                if look.accuracy is not None:
                    self._trainer._metrics["train"].setdefault(f"alarms/{name}/accuracy", []).append(look.accuracy)

    def _begin(self, name: str, look: Look) -> None:
        """Complete the reference with the items of the confirmation."""
        if (0, name) not in self._stored:
            others = self._items()[name].others
            if others:
                look = self._with_others(look, self._answer(0, name, others))
            self._write(look)
        self._reference[name] = look

    def _decide(self, name: str, look: Look) -> None:
        reference, found = self._reference[name], look

        def confirm() -> FloatArray:
            nonlocal found
            if found.others is None:
                found = self._with_others(found, self._answer(look.step, name, self._items()[name].others))
            assert found.others is not None
            assert reference.others is not None
            return differences(reference.others, found.others)

        self._differences[name].append(differences(reference.scores, look.scores))
        decision = self._watches[name].look(self._differences[name][-1], confirm)
        if (look.step, name) not in self._stored:
            self._write(replace(found, decision=decision))
        if decision.alarm:
            self._raise(name, look.step, decision)

    def _raise(self, name: str, step: int, decision: Decision) -> None:
        """Report an alarm, and stop the stage if it should."""
        taken = len(self._differences[name])
        begun = onset(np.stack(self._differences[name], axis=1), self._design.looks[:taken])
        message = (
            f"{name} fell by {points(-decision.change)} points by step {step} (p {decision.p:.2g}); "
            f"it began between steps {begun.low} and {begun.high}"
        )
        self._context.reporter.event(
            NoteKind.ALARM, message=message, domain=name, step=step, change=decision.change, p=decision.p
        )
        if self._keep is not None and -decision.change >= self._monitored.threshold:
            if self.stopped is not None:  # by another domain at the same look
                message = f"{self.stopped.message}; {message}"
            good_step = begun.low if self.stopped is None else min(begun.low, self.stopped.good_step)
            self.stopped = StoppedByAlarm(step, good_step, message)

    @staticmethod
    def _with_others(look: Look, others: Look) -> Look:
        return replace(
            look,
            others=others.scores,
            completions=look.completions + others.completions,
            completion_tokens=look.completion_tokens + others.completion_tokens,
            seconds=look.seconds + others.seconds,
        )

    def _answer(self, step: int, name: str, places: range) -> Look:
        trainer = self._trainer
        with evaluated(trainer) as model:
            if self._sampler is None:
                self._sampler = new_sampler(model, trainer, self._monitored.evaluations[name].batch_tokens)
            found = self._items()[name].answer(self._sampler, trainer.eos_token_ids, places)
        for event in self._sampler.events:
            self._context.reporter.event(NoteKind.GENERATION, message=event)
        self._sampler.events = []
        return Look(step, name, found.scores, None, len(places), found.completion_tokens, found.seconds)

    def _write(self, look: Look) -> None:
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(f"{look.line()}\n")
            handle.flush()
            os.fsync(handle.fileno())  # a look costs more than this


def summary(callback: AlarmCallback | None) -> dict[str, Any]:
    """Return the totals of a stage's looks and its alarms, for the stage's summary."""
    if callback is None or not callback.active:
        return {}
    found = read_looks(callback.path)
    alarms = {look.domain: look.step for look in found.looks if look.decision is not None and look.decision.alarm}
    return {
        "alarms": {
            "completions": sum(look.completions for look in found.looks),
            "completion_tokens": sum(look.completion_tokens for look in found.looks),
            "seconds": sum(look.seconds for look in found.looks),
            "monitored": sorted(found.design.domains),
            "steps": alarms,
        }
    }


def settle(callback: AlarmCallback | None, work: Path, planned: tuple[int, ...]) -> StoppedByAlarm | None:
    """Return the alarm that ended the stage, and remove the checkpoints of looks except the last good one.

    Args:
        callback: Callback that took the looks; None if nothing was monitored.
        work: Folder of the stage.
        planned: Steps whose checkpoints a complete stage keeps.
    """
    if callback is None:
        return None
    stopped = callback.stopped
    kept = planned if stopped is None else kept_steps(planned, stopped.good_step)
    names = {checkpoint_folder(work, step).name for step in kept}
    for folder in checkpoint_folder(work, 0).parent.glob("step-*"):
        if folder.name not in names:
            remove(folder)
    return stopped
