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
from xdomain.plan.stage import StageKind
from xdomain.store.history import estimate_seconds
from xdomain.store.states import STATES, StageState, stage_states
from xdomain.store.store import CANCELLED

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


def _status(opened: Opened) -> dict[str, Any]:
    plan, store = opened.plan, opened.store
    states = stage_states(store, plan.stages.values())
    stages = []
    for key, stage in plan.stages.items():
        state = states[key]
        stages.append(
            {
                "key": key,
                "kind": str(stage.kind),
                "title": stage.title,
                "state": state.state,
                "progress": state.holder.progress if state.holder else None,
                "failure": state.failure.__dict__ if state.failure else None,
                "attempts": list(state.attempts),
            }
        )
    return {
        "experiment": plan.experiment.name,
        "store": str(store.root),
        "counts": {name: sum(each.state == name for each in states.values()) for name in STATES},
        "estimate_seconds": estimate_seconds(plan, store, _done(states)),
        "stages": stages,
    }


def _picture(opened: Opened) -> Table:
    plan, store = opened.plan, opened.store
    states = stage_states(store, plan.stages.values())
    counts = Table("", *STATES, title=f"{plan.experiment.name} in {store.root}")
    for kind in StageKind:
        own = [states[key].state for key, stage in plan.stages.items() if stage.kind is kind]
        counts.add_row(kind, *(str(own.count(state)) for state in STATES))
    whole = Table.grid()
    whole.add_row(counts)
    running = Table.grid(padding=(0, 1))
    for key, state in states.items():
        if state.state == "running":
            running.add_row(*progress_row(plan.stages[key], state.holder))
    whole.add_row(running)
    for key, state in states.items():
        if state.failure is not None:
            word = "cancelled" if state.failure.cause == CANCELLED else "failed"
            whole.add_row(
                f"[red]{word}[/] {plan.stages[key].title}: {state.failure.message}\n  log: {state.failure.log}"
            )
        if state.attempts:
            whole.add_row(f"[yellow]earlier attempts[/] {plan.stages[key].title}: {', '.join(state.attempts)}")
    done = _done(states)
    seconds = estimate_seconds(plan, store, done)
    if seconds and len(done) < len(plan.stages):
        whole.add_row(f"about {duration(seconds)} of work left on one worker")
    return whole


def _done(states: dict[str, StageState]) -> frozenset[str]:
    return frozenset(key for key, state in states.items() if state.state == "done")
