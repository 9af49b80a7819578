"""Work between the steps of a stage: write metrics, keep checkpoints, report progress, stop on request."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from xdomain.core.artifact_layout import ROLLOUTS
from xdomain.core.files import remove, write_atomic
from xdomain.core.stage import StageContext
from xdomain.train.engine_gap import GapWatch
from xdomain.train.processes import is_first, wait_for_all
from xdomain.train.resume_state import mark_complete

KEPT = "kept_rollouts"
"""Key under which a rollout's metrics hold its kept samples."""


class StageCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped
    """A callback that writes `metrics.jsonl` and `rollouts.jsonl`, keeps checkpoints, and stops on request.

    Args:
        context: Surroundings of the stage.
        kept: Steps whose checkpoints are kept.
        resume_steps: Steps at which the trainer's own state is saved, so that a killed stage loses little.
        period: Optimizer steps per rollout. A stage can stop only at a multiple, when the rollout is used up.
        take_rollout_metrics: Function that returns the latest rollout's metrics once, then {}.
        keep: Function that writes the checkpoint of a step.
        watch: Watch of the gap between a vLLM engine and the trainer, which sees each step's metrics.
    """

    def __init__(
        self,
        context: StageContext,
        kept: frozenset[int],
        resume_steps: frozenset[int],
        period: int,
        take_rollout_metrics: Callable[[], dict[str, Any]],
        keep: Callable[[int], None],
        watch: GapWatch,
    ) -> None:
        self._context = context
        self._kept = kept
        self._resume_steps = resume_steps
        self._period = period
        self._take_rollout_metrics = take_rollout_metrics
        self.keep = keep
        self._watch = watch
        self.metrics_path = context.work / "metrics.jsonl"
        self.rollouts_path = context.work / ROLLOUTS
        self.stopped = False
        self._begun = self._processor_begun = 0.0
        self._step_seconds = self._step_processor_seconds = 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._begun, self._processor_begun = time.perf_counter(), time.process_time()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        # Time of rollout, strategy and optimizer. TRL's own step time leaves the optimizer out unless the strategy
        # calls it.
        self._step_seconds = time.perf_counter() - self._begun
        self._step_processor_seconds = time.process_time() - self._processor_begun
        step = state.global_step
        if step < state.max_steps and step % self._period == 0 and self._context.stop_requested():
            self.stopped = True
            control.should_training_stop = True
        if step in self._kept:
            self.keep(step)
        if step in self._resume_steps or self.stopped:
            control.should_save = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        wait_for_all()  # each process saves its own random state
        if is_first():
            for path in filter(Path.exists, (self.metrics_path, self.rollouts_path)):
                with path.open("rb") as handle:
                    os.fsync(handle.fileno())  # a state that survives a crash of the machine needs its metrics
            mark_complete(self._context.scratch, state.global_step, self._context.layout)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if logs is None or "train_runtime" in logs or not is_first():
            return
        rollout = self._take_rollout_metrics()
        self._write_rollouts(state.global_step, rollout.pop(KEPT, []))
        line = {
            "step": state.global_step,
            "seconds": self._step_seconds,
            "processor_seconds": self._step_processor_seconds,
            **{key: _finite(value) for key, value in logs.items()},
            **rollout,
        }
        with self.metrics_path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line, sort_keys=True, allow_nan=False) + "\n")
        self._watch.look(state.global_step, line)
        rewards = {name: values["reward"] for name, values in line.get("domains", {}).items()}
        self._context.reporter.progress(state.global_step, state.max_steps, rewards=rewards)

    def _write_rollouts(self, step: int, samples: list[dict[str, Any]]) -> None:
        """Append the kept samples of the rollout that began with `step`."""
        if samples:
            with self.rollouts_path.open("a", encoding="utf-8") as handle:
                handle.writelines(json.dumps({"step": step, **sample}, allow_nan=False) + "\n" for sample in samples)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of `metrics.jsonl`, or [] if the file does not exist."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def truncate_lines(path: Path, step: int) -> None:
    """Drop lines after `step`, since a resumed stage writes them again, and a last line that a kill cut short."""
    if not path.is_file():
        remove(path)  # not a file: a pipe or a folder
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line)
        except (ValueError, LookupError, TypeError, RecursionError):
            break
    write_atomic(path, "".join(f"{line}\n" for line in kept))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
