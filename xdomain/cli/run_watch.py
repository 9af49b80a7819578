"""Shows a run as it goes on: live bars on a terminal, plain lines elsewhere, events as JSON lines with --json."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType
from typing import Any

from rich.live import Live

from xdomain.cli.render import duration, err, redraws
from xdomain.cli.run_events import EventLines, RunBegun, RunEnded, StageEvent, StageFailure, StageProgress
from xdomain.cli.run_picture import RunPicture, alarm_text, progress_text
from xdomain.core.states import EventKind
from xdomain.plan.graph import Graph
from xdomain.plan.stage import EvaluateStage
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.store import Store

REFRESH_SECONDS = 0.5
PROGRESS_SECONDS = 2.0
"""Between two `progress` events; leases are written as often."""
PLAIN_SECONDS = 60.0
"""Between two plain lines about stages that go on."""
TROUBLE = (EventKind.FAILED, EventKind.RETRY, EventKind.WAITING)


class Watcher:
    """Shows a run and hands Ctrl-C and SIGTERM to its scheduler.

    Args:
        as_json: write events to stdout.
    """

    def __init__(self, graph: Graph, store: Store, *, as_json: bool) -> None:
        self._graph = graph
        self._store = store
        self._begun = self._shown = self._told = time.monotonic()
        self._scheduler: Scheduler | None = None
        # JSON and bars on one terminal would overwrite each other.
        live = redraws(err) and not (as_json and sys.stdout.isatty())
        self._live = Live("Reading data and checking settings…", console=err, auto_refresh=False) if live else None
        self._picture = RunPicture(graph, store)
        self._lines = EventLines() if as_json else None
        self._steps: dict[str, int] = {}
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Watcher:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._stop)
        if self._lines is not None:
            name, stages = self._graph.setup.name, self._graph.stages
            done = len(self._store.done(stages.values()))
            self._lines.write(
                RunBegun(seconds=0.0, experiment=name, store=str(self._store.root), stages=len(stages), done=done)
            )
        if self._live is not None:
            self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def start(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def watch(self, event: Event | None) -> None:
        """Called by the scheduler."""
        if event is not None:
            if event.kind is EventKind.DONE:
                self._picture.add(event.stage)
            if self._lines is not None:
                self._lines.write(self._stage_event(event))
            if self._live is None or event.kind in TROUBLE:
                self._line(event)
        elif self._scheduler is not None:
            self._go_on(self._scheduler, time.monotonic())

    def ended(self, outcome: RunOutcome) -> None:
        """Write the last event."""
        if self._lines is not None:
            failed = {key: StageFailure(**failure.__dict__) for key, failure in outcome.failed.items()}
            self._lines.write(
                RunEnded(
                    seconds=self.seconds(),
                    ran=tuple(outcome.ran),
                    reused=tuple(outcome.reused),
                    failed=failed,
                    blocked=tuple(outcome.blocked),
                    interrupted=outcome.interrupted,
                )
            )

    def _go_on(self, scheduler: Scheduler, now: float) -> None:
        if self._live is not None and now - self._shown > REFRESH_SECONDS:
            self._shown = now
            self._live.update(self._picture.draw(scheduler.running(), self.seconds()), refresh=True)
        elif self._live is None and now - self._shown > PLAIN_SECONDS:
            self._shown = now
            for stage, holder in scheduler.running():
                if holder is not None and holder.progress:
                    self._print("running", f"{stage.title}: {progress_text(stage, holder.progress)}")
        if self._lines is not None and now - self._told > PROGRESS_SECONDS:
            self._told = now
            for stage, holder in scheduler.running():
                progress = holder.progress if holder else {}
                if progress.get("done", 0) > self._steps.get(stage.key, 0):
                    self._steps[stage.key] = progress["done"]
                    self._lines.write(self._progress(stage.key, progress))

    def _progress(self, key: str, progress: dict[str, Any]) -> StageProgress:
        return StageProgress(
            seconds=self.seconds(),
            key=key,
            title=self._graph.stages[key].title,
            done=progress["done"],
            total=progress["total"],
            seconds_per_unit=progress.get("seconds_per_unit"),
            rewards=progress.get("rewards") or {},
            alarm=alarm_text(progress["alarm"]) if "alarm" in progress else None,
        )

    def _stage_event(self, event: Event) -> StageEvent:
        stage = event.stage
        values = {"event": event.kind, "seconds": self.seconds(), "kind": stage.kind.value, "folder": stage.folder}
        told = {name: event.detail.get(name) for name in ("message", "log")}
        return StageEvent.model_validate({**values, "key": stage.key, "title": stage.title, **told})

    def _line(self, event: Event) -> None:
        of_evaluation = isinstance(event.stage, EvaluateStage)
        usual = event.kind in (EventKind.STARTED, EventKind.WAITING) and "message" not in event.detail
        if event.kind is EventKind.BLOCKED or (usual and of_evaluation):
            return
        detail = f": {event.detail['message']}" if "message" in event.detail else ""
        assert self._scheduler is not None
        left = self._picture.left(self._scheduler.running()) if event.kind is EventKind.DONE else ""
        self._print(event.kind, f"{event.stage.title}{detail}{left}")

    def _print(self, word: str, text: str) -> None:
        assert self._scheduler is not None
        outcome = self._scheduler.outcome
        finished = f"{len(outcome.ran) + len(outcome.reused)}/{len(self._graph.stages)}"
        console = err if self._live is None else self._live.console
        console.print(f"[{duration(self.seconds())}] {finished} {word} {text}", soft_wrap=True, markup=False)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._scheduler is None:
            raise KeyboardInterrupt
        self._scheduler.request_stop()
        err.print("[yellow]Stopping at the next checkpoint; once more to stop at once.[/]")
