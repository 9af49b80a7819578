"""How `grid status` and `grid logs` look."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.live import Live
from rich.table import Table

from xdomain.cli.render import duration, out, print_json
from xdomain.cli.run_view import progress_row
from xdomain.cli.setup import Opened
from xdomain.core.errors import StoreError
from xdomain.plan.explain import find_stage
from xdomain.plan.stage import Stage, StageKind
from xdomain.store.history import estimate_seconds
from xdomain.store.lease import Holder, read_holder

FOLLOW_SECONDS = 0.5


def show_status(opened: Opened, *, watch: bool, as_json: bool) -> None:
    """Counts by kind, what runs and how far, what failed and why."""
    if as_json:
        print_json(_status(opened))
        return
    if not watch:
        out.print(_picture(opened))
        return
    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(_picture(opened), refresh=True)
            if len(opened.store.done(opened.plan.stages.values())) == len(opened.plan.stages):
                return
            time.sleep(FOLLOW_SECONDS)


def show_log(opened: Opened, text: str, *, follow: bool) -> None:
    """Print a stage's log; with `follow`, go on until the stage is done.

    Raises:
        StoreError: it has none yet.
    """
    stage = find_stage(opened.plan, text)
    path = opened.store.log_path(stage)
    if not path.is_file():
        raise StoreError(f'"{stage.title}" has no log: it was never started.', where=str(opened.store.root))
    with path.open(encoding="utf-8", errors="replace") as log:
        while True:
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if not follow or opened.store.done([stage]):
                return
            time.sleep(FOLLOW_SECONDS)


def _state(opened: Opened, stage: Stage, done: frozenset[str]) -> tuple[str, Holder | None]:
    if stage.key in done:
        return "done", None
    holder = read_holder(opened.store.lease_path(stage))
    if holder is not None and not holder.is_dead_here():
        return "running", holder
    return ("failed" if opened.store.failure(stage) is not None else "waiting"), None


def _status(opened: Opened) -> dict[str, Any]:
    plan, store = opened.plan, opened.store
    done = store.done(plan.stages.values())
    stages = []
    for stage in plan.stages.values():
        state, holder = _state(opened, stage, done)
        failure = store.failure(stage) if state == "failed" else None
        stages.append(
            {
                "key": stage.key,
                "kind": str(stage.kind),
                "title": stage.title,
                "state": state,
                "progress": holder.progress if holder else None,
                "failure": failure.__dict__ if failure else None,
            }
        )
    counts = {
        state: sum(stage["state"] == state for stage in stages) for state in ("done", "running", "failed", "waiting")
    }
    return {
        "experiment": plan.experiment.name,
        "store": str(store.root),
        "counts": counts,
        "estimate_seconds": estimate_seconds(plan, store, done),
        "stages": stages,
    }


def _picture(opened: Opened) -> Table:
    plan, store = opened.plan, opened.store
    done = store.done(plan.stages.values())
    states = {key: _state(opened, stage, done) for key, stage in plan.stages.items()}
    counts = Table("", "done", "running", "failed", "waiting", title=f"{plan.experiment.name} in {store.root}")
    for kind in StageKind:
        own = [states[key][0] for key, stage in plan.stages.items() if stage.kind is kind]
        counts.add_row(kind, *(str(own.count(state)) for state in ("done", "running", "failed", "waiting")))
    whole = Table.grid()
    whole.add_row(counts)
    running = Table.grid(padding=(0, 1))
    for key, (state, holder) in states.items():
        if state == "running":
            running.add_row(*progress_row(plan.stages[key], holder))
    whole.add_row(running)
    for key, (state, _) in states.items():
        failure = store.failure(plan.stages[key]) if state == "failed" else None
        if failure is not None:
            whole.add_row(f"[red]failed[/] {plan.stages[key].title}: {failure.message}\n  log: {failure.log}")
    seconds = estimate_seconds(plan, store, done)
    if seconds and len(done) < len(plan.stages):
        whole.add_row(f"about {duration(seconds)} of work left on one worker")
    return whole
