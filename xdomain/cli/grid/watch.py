"""Show running stages: live bars on a terminal, plain lines elsewhere, events as JSON lines with --json."""

from __future__ import annotations

import os
import sys
import time

from rich.live import Live
from rich.markup import escape

from xdomain.api.run_events import EventObserver, RunEvent, optional_in_words
from xdomain.api.running import RunObserver
from xdomain.cli.grid.picture import RunPicture, progress_text
from xdomain.cli.render import PLAIN_SECONDS, err, redraws, write_json
from xdomain.core.states import EventKind
from xdomain.core.words import count, duration
from xdomain.plan.graph import Graph
from xdomain.plan.stage import EvaluateStage, Purpose
from xdomain.schedule.events import Event, RunOutcome
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.store import Store

REFRESH_SECONDS = 0.5
TROUBLE = (EventKind.FAILED, EventKind.RETRY, EventKind.WAITING)


class Watcher(RunObserver):
    """An observer that shows a session and its result on stderr.

    Args:
        as_json: Also write events to stdout.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        # JSON and bars on the same terminal would overwrite each other.
        live = redraws(err) and not (as_json and sys.stdout.isatty())
        self._live = Live("Reading data and checking settings…", console=err, auto_refresh=False) if live else None
        self._events = EventObserver(EventLines().write) if as_json else RunObserver()

    def begin(self, graph: Graph, store: Store) -> None:
        self._graph = graph
        self._scheduler: Scheduler | None = None
        self._begun = self._shown = time.monotonic()
        self._picture = RunPicture(graph, store)
        self._events.begin(graph, store)
        if self._live is not None:
            self._live.start(refresh=True)

    def schedule(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._events.schedule(scheduler)

    def watch(self, event: Event | None) -> None:
        if event is None:
            self._go_on()
        elif event.kind is EventKind.DONE:
            for alarm in self._picture.add(event.stage):
                self.warn(f"{event.stage.title}: {alarm}")
        self._events.watch(event)
        if event is not None and (self._live is None or event.kind in TROUBLE):
            self._line(event)

    def note(self, message: str) -> None:
        err.print(message, soft_wrap=True, markup=False)

    def warn(self, message: str) -> None:
        err.print(f"[yellow]warning[/] {escape(message)}", soft_wrap=True)

    def stop(self) -> None:
        err.print("[yellow]Stopping at the next checkpoint. Press Ctrl-C again to stop at once.[/]")

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()

    def end(self, outcome: RunOutcome) -> None:
        self._events.end(outcome)
        err.print(
            f"{count(len(outcome.ran), 'stage')} run, {len(outcome.reused)} already in the store, "
            f"{len(outcome.failed)} failed, {len(outcome.blocked)} blocked{optional_in_words(self._graph, outcome)}; "
            f"{duration(self._seconds())}"
        )
        for key, failure in outcome.failed.items():
            title = self._graph.ref(key).title
            words = escape(f"{title}: {failure.message}\n  log: {failure.log}")
            err.print(f"[red]failed[/] {words}", soft_wrap=True)

    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _go_on(self) -> None:
        now, scheduler = time.monotonic(), self._scheduler
        if scheduler is None:
            return
        if self._live is not None and now - self._shown > REFRESH_SECONDS:
            self._shown = now
            self._live.update(self._picture.draw(scheduler.running(), self._seconds()), refresh=True)
        elif self._live is None and now - self._shown > PLAIN_SECONDS:
            self._shown = now
            for stage, holder in scheduler.running():
                if holder is not None and holder.progress:
                    self._print(scheduler, "running", f"{stage.title}: {progress_text(stage, holder.progress)}")

    def _line(self, event: Event) -> None:
        # Evaluations for the report are many and short. Measurements of pass rates are shown: training waits for them.
        of_evaluation = isinstance(event.stage, EvaluateStage) and event.stage.purpose is Purpose.REPORT
        usual = event.kind in (EventKind.STARTED, EventKind.WAITING) and "message" not in event.detail
        if event.kind in (EventKind.BLOCKED, EventKind.NOT_NEEDED) or (usual and of_evaluation):
            return
        detail = f": {event.detail['message']}" if "message" in event.detail else ""
        assert self._scheduler is not None
        left = self._picture.left(self._scheduler.running()) if event.kind is EventKind.DONE else ""
        self._print(self._scheduler, event.kind, f"{event.stage.title}{detail}{left}")

    def _print(self, scheduler: Scheduler, word: str, text: str) -> None:
        finished = f"{scheduler.outcome.finished(self._graph.stages)}/{len(self._graph.stages)}"
        console = err if self._live is None else self._live.console
        console.print(f"[{duration(self._seconds())}] {finished} {word} {text}", soft_wrap=True, markup=False)


class EventLines:
    """A writer of events to stdout. If the reader of a pipe exits, a session that may take days continues."""

    def __init__(self) -> None:
        self._open = True

    def write(self, event: RunEvent) -> None:
        """Write one event as a line of JSON."""
        if not self._open:
            return
        try:
            write_json(event.model_dump_json())
            sys.stdout.flush()
        except BrokenPipeError:
            self._open = False
            # Without this, Python would report the error again when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
