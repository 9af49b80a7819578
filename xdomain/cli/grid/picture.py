"""Draw running stages: progress, speed, time left, rewards by domain, and the last alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from xdomain.api.run_events import alarm_text
from xdomain.api.time_left import TimeLeft
from xdomain.core.words import duration
from xdomain.plan.graph import Graph
from xdomain.plan.stage import EvaluateStage, StageSpec, TrainStage
from xdomain.store.holder import Holder
from xdomain.store.store import Store

BAR_COLUMNS = 20

Running = Iterable[tuple[StageSpec, Holder | None]]


class RunPicture:
    """A picture of a session, which is redrawn. It keeps the last alarm and an estimate of the time left."""

    def __init__(self, graph: Graph, store: Store) -> None:
        self._total = len(graph.stages)
        self._time = TimeLeft(graph, store)
        self._store = store
        self._alarm: tuple[str, str] | None = None

    def add(self, stage: StageSpec) -> tuple[str, ...]:
        """Add a stage that was just published, and return its alarms."""
        self._time.add(stage)
        return self._store.gap_alarms(stage)

    def left(self, running: Running) -> str:
        """Return ", about 3 min left"; "" if the time left is unknown."""
        seconds = self._time.seconds(running)
        return "" if seconds is None else f", about {duration(seconds)} left"

    def draw(self, running: Running, elapsed_seconds: float) -> RenderableType:
        """Draw a bar for the whole grid and one for every running stage."""
        shown = list(running)
        finished = self._time.finished
        table = Table.grid(padding=(0, 1))
        whole = f"{finished}/{self._total} stages, {duration(elapsed_seconds)}{self.left(shown)}"
        table.add_row("all", ProgressBar(self._total, finished, width=BAR_COLUMNS), whole)
        for stage, holder in shown:
            if holder is not None and (holder.progress or not isinstance(stage, EvaluateStage)):
                table.add_row(*progress_row(stage, holder))
            if holder is not None and "alarm" in holder.progress:
                self._alarm = stage.title, alarm_text(holder.progress["alarm"])
        if self._alarm is None:
            return table
        return Group(table, Text(f"last alarm: {self._alarm[0]}: {self._alarm[1]}", style="yellow"))


def progress_row(stage: StageSpec, holder: Holder | None) -> tuple[RenderableType, RenderableType, RenderableType]:
    """Return title, bar and latest values of a running stage."""
    progress = holder.progress if holder else {}
    done, total = _counts(stage, progress)
    return Text(stage.title), ProgressBar(total, done, width=BAR_COLUMNS), Text(progress_text(stage, progress))


def progress_text(stage: StageSpec, progress: Mapping[str, Any]) -> str:
    """Return the latest values: "12/40  0.31 s/step  9 s left  math +0.42"."""
    done, total = _counts(stage, progress)
    parts = [f"{done}/{total}"]
    seconds = progress.get("seconds_per_unit")
    if seconds:
        unit = "item" if isinstance(stage, EvaluateStage) else "step"
        parts.append(f"{seconds:.2g} s/{unit}" if seconds >= 0.1 else f"{1 / seconds:.0f} {unit}s/s")
        parts.append(f"{duration(seconds * (total - done))} left")
    rewards = progress.get("rewards") or {}
    parts += [f"{name} {value:+.2f}" for name, value in rewards.items() if value is not None]
    return "  ".join(parts)


def _counts(stage: StageSpec, progress: Mapping[str, Any]) -> tuple[int, int]:
    return progress.get("done", 0), progress.get("total") or (stage.steps if isinstance(stage, TrainStage) else 1)
