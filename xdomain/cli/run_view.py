"""How `grid run` looks: live bars on a terminal, plain lines elsewhere, one JSON document with --json."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from xdomain.cli.render import count, duration, err, print_json
from xdomain.cli.setup import Opened
from xdomain.core.errors import Interrupted, StageError, StoreError
from xdomain.execute.run import run_plan
from xdomain.execute.scheduler import Event, RunOutcome, Scheduler
from xdomain.plan.explain import find_stage, narrow
from xdomain.plan.graph import Graph
from xdomain.plan.stage import Stage, StageKind, TrainStage
from xdomain.store.lease import Holder
from xdomain.store.store import Store

REFRESH_SECONDS = 0.5


def run_graph(graph: Graph, store: Store, jobs: int | None, *, as_json: bool = False) -> None:
    """Run what is not done, show how it goes, and end with the exit code that fits.

    Raises:
        StageError: a stage failed.
        Interrupted: the user stopped it.
    """
    watcher = Watcher(graph)
    with watcher:
        outcome = run_plan(graph, store, jobs, watcher.watch, watcher.start)
    failed = [(graph.stages[key], failure) for key, failure in outcome.failed.items()]
    if as_json:
        print_json(
            {
                "ran": outcome.ran,
                "reused": outcome.reused,
                "failed": {key: failure.__dict__ for key, failure in outcome.failed.items()},
                "blocked": outcome.blocked,
                "interrupted": outcome.interrupted,
                "seconds": watcher.seconds(),
            }
        )
    err.print(
        f"{count(len(outcome.ran), 'stage')} run, {len(outcome.reused)} already in the store, {len(failed)} failed, "
        f"{len(outcome.blocked)} blocked; {duration(watcher.seconds())}"
    )
    for stage, failure in failed:
        err.print(f"[red]failed[/] {stage.title}: {failure.message}\n  log: {failure.log}", soft_wrap=True)
    if outcome.interrupted:
        raise Interrupted("stopped; what was finished is in the store.", fix="The same command continues.")
    if failed:
        raise StageError(f"{count(len(failed), 'stage')} failed; everything that did not need them is done.")


def run_stages(opened: Opened, texts: Sequence[str], *, as_json: bool) -> None:
    """Run a few stages in this process, for another engine that does the scheduling.

    Raises:
        StoreError: what they read is not published.
        StageError: one failed.
    """
    graph = narrow(opened.plan, texts)
    asked = {find_stage(opened.plan, text).key for text in texts}
    below = [stage for key, stage in graph.stages.items() if key not in asked]
    done = opened.store.done(below)
    for stage in below:
        if stage.key not in done:
            raise StoreError(f'"{stage.title}", which it reads, is not published yet.', where=str(opened.store.root))
    execution = graph.experiment.execution.model_copy(update={"executor": "inline"})
    experiment = graph.experiment.model_copy(update={"execution": execution})
    run_graph(Graph(experiment, graph.stages), opened.store, None, as_json=as_json)


class Watcher:
    """Shows a run and hands Ctrl-C and SIGTERM to its scheduler."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._begun = time.monotonic()
        self._scheduler: Scheduler | None = None
        live = err.is_terminal and not os.environ.get("CI")
        self._live = Live(console=err, auto_refresh=False) if live else None
        self._shown = 0.0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Watcher:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._stop)
        if self._live is not None:
            self._live.start()
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
        if event is not None and self._live is None:
            self._line(event)
        elif self._live is not None and time.monotonic() - self._shown > REFRESH_SECONDS:
            self._shown = time.monotonic()
            self._live.update(self._picture(), refresh=True)

    def _line(self, event: Event) -> None:
        if event.kind == "blocked" or (event.kind == "started" and event.stage.kind is StageKind.EVALUATE):
            return
        detail = f": {event.detail['message']}" if "message" in event.detail else ""
        outcome = self._outcome()
        finished = f"{len(outcome.ran) + len(outcome.reused)}/{len(self._graph.stages)}"
        err.print(
            f"[{duration(self.seconds())}] {finished} {event.kind} {event.stage.title}{detail}",
            soft_wrap=True,
            markup=False,
        )

    def _outcome(self) -> RunOutcome:
        assert self._scheduler is not None
        return self._scheduler.outcome

    def _picture(self) -> RenderableType:
        assert self._scheduler is not None
        outcome, total = self._outcome(), len(self._graph.stages)
        finished = len(outcome.ran) + len(outcome.reused)
        elapsed = self.seconds()
        left = ""
        if outcome.ran and finished < total:
            left = f", about {duration(elapsed / len(outcome.ran) * (total - finished))} left"
        table = Table.grid(padding=(0, 1))
        table.add_row(
            "all", ProgressBar(total, finished, width=30), f"{finished}/{total} stages, {duration(elapsed)}{left}"
        )
        for stage, holder in self._scheduler.running():
            table.add_row(*progress_row(stage, holder))
        return Group(table)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._scheduler is None:
            raise KeyboardInterrupt
        self._scheduler.request_stop()
        err.print("[yellow]Stopping at the next checkpoint; once more to stop at once.[/]")


def progress_row(stage: Stage, holder: Holder | None) -> tuple[str, RenderableType, str]:
    """Title, bar and latest values of a running stage."""
    progress = holder.progress if holder else {}
    done, total = (
        progress.get("done", 0),
        progress.get("total") or (stage.steps if isinstance(stage, TrainStage) else 1),
    )
    rewards = {name: value for name, value in (progress.get("rewards") or {}).items() if value is not None}
    shown = "  ".join(f"{name} {value:+.2f}" for name, value in rewards.items())
    return stage.title, ProgressBar(total, done, width=30), f"{done}/{total}  {shown}"
