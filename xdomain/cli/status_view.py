"""How `grid status` and `grid logs` look."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from xdomain.cli.interrupt import Interrupt
from xdomain.cli.render import count, duration, err, out, print_json, redraws
from xdomain.cli.run_picture import alarm_text, progress_row
from xdomain.cli.setup import Opened
from xdomain.core.errors import StoreError
from xdomain.core.states import Cause, StageState
from xdomain.plan.explain import pick_stage
from xdomain.plan.stage import StageKind, StageRef
from xdomain.store.history import estimate_seconds
from xdomain.store.lease import read_holder
from xdomain.store.states import StageStatus, stage_states
from xdomain.store.store import Store

FOLLOW_SECONDS = 0.5


def show_status(opened: Opened, *, watch: bool, as_json: bool) -> None:
    """Counts by kind, what runs and how far, what failed and why.

    With `watch` it goes on until no stage can change any more: bars on a terminal, elsewhere a line whenever the counts
    change; with `as_json` too, one document a line whenever something changed.
    """
    if watch:
        _watch(opened, as_json=as_json)
    elif as_json:
        print_json(_status(opened))
    else:
        out.print(_picture(opened, _states(opened)))


def show_log(store: Store, stages: Collection[StageRef], text: str, *, follow: bool) -> None:
    """Print the log of the one of `stages` that `text` names; with `follow`, wait for it and go on until the stage is
    done or failed.

    Raises:
        StoreError: it has none yet.
    """
    stage = pick_stage(stages, text)
    path = _log_path(store, stages, stage)
    if not follow:
        if path is None:
            raise StoreError(f'"{stage.title}" has no log: it was never started.', where=str(store.root))
        sys.stdout.write(path.read_text(encoding="utf-8", errors="replace"))
        return
    with Interrupt() as interrupt:
        if path is None:
            err.print(f"{stage.title} was not started yet; waiting.", markup=False)
        while path is None:
            interrupt.pause(FOLLOW_SECONDS)
            path = _log_path(store, stages, stage)
        _follow(store, stage, path, interrupt)


def _follow(store: Store, stage: StageRef, path: Path, interrupt: Interrupt) -> None:
    with path.open(encoding="utf-8", errors="replace") as log:
        while True:
            # Asked first, so that what is written before the end is still read; a stage's last lines come when it is
            # published and before its lease is released.
            holder = read_holder(store.lease_path(stage))
            held = holder is not None and not holder.is_dead_here()
            over = not held and stage_states(store, [stage])[stage.key].state in (StageState.DONE, StageState.FAILED)
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if over:
                return
            interrupt.pause(FOLLOW_SECONDS)


def _log_path(store: Store, stages: Collection[StageRef], stage: StageRef) -> Path | None:
    """The stage's log, or that of the evaluation whose process did this one too; None if there is none."""
    found = [stage]
    if stage.kind is StageKind.EVALUATE:
        checkpoint = stage.title.rpartition(" on ")[0]
        found += [each for each in stages if each.kind is stage.kind and each.title.rpartition(" on ")[0] == checkpoint]
    paths = map(store.log_path, found)
    return next((path for path in paths if path.is_file()), None)


def _watch(opened: Opened, *, as_json: bool) -> None:
    live = Live(console=out, auto_refresh=False) if redraws(out) and not as_json else nullcontext()
    shown: object = None
    with Interrupt() as interrupt, live as screen:
        while True:
            begun = time.monotonic()
            states = _states(opened)
            if as_json:
                now: object = _status(opened, states)
            else:
                now = _counts_text(opened, states)
            if isinstance(screen, Live):
                screen.update(_picture(opened, states), refresh=True)
            elif now != shown:
                sys.stdout.write(f"{json.dumps(now, allow_nan=False) if as_json else now}\n")
                sys.stdout.flush()
            shown = now
            if _settled(opened, states):
                return
            # A large store takes a while to look through; it is left alone for longer than that.
            interrupt.pause(max(FOLLOW_SECONDS, 4 * (time.monotonic() - begun)))


def _states(opened: Opened) -> dict[str, StageStatus]:
    return stage_states(opened.store, opened.plan.stages.values())


def _settled(opened: Opened, states: Mapping[str, StageStatus]) -> bool:
    """Every stage is done, or failed, or needs one that failed."""
    dead: set[str] = set()
    for key, stage in opened.plan.stages.items():
        if states[key].state is StageState.FAILED or any(need in dead for need in stage.needs):
            dead.add(key)
        elif states[key].state is not StageState.DONE:
            return False
    return True


def _status(opened: Opened, states: Mapping[str, StageStatus] | None = None) -> dict[str, Any]:
    plan, store = opened.plan, opened.store
    states = states or _states(opened)
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
        "counts": {name: sum(each.state is name for each in states.values()) for name in StageState},
        "workers": _workers(states),
        "estimate_seconds": estimate_seconds(plan, store, _done(states), max(1, _workers(states)), _progress(states)),
        "stages": stages,
    }


def _picture(opened: Opened, states: Mapping[str, StageStatus]) -> Table:
    plan, store = opened.plan, opened.store
    counts = Table("", *StageState, title=f"{plan.experiment.name} in {store.root}")
    for kind in StageKind:
        own = [states[key].state for key, stage in plan.stages.items() if stage.kind is kind]
        counts.add_row(kind, *(str(own.count(state)) for state in StageState))
    whole = Table.grid()
    whole.add_row(counts)
    running = Table.grid(padding=(0, 1))
    for key, state in states.items():
        if state.state is StageState.RUNNING:
            running.add_row(*progress_row(plan.stages[key], state.holder))
    if running.row_count:
        whole.add_row(running)
    for key, state in states.items():
        title = escape(plan.stages[key].title)
        if state.failure is not None:
            word = "cancelled" if state.failure.cause is Cause.CANCELLED else "failed"
            whole.add_row(
                f"[red]{word}[/] {title}: {escape(state.failure.message)}\n  log: {escape(state.failure.log)}"
            )
        if state.attempts:
            whole.add_row(f"[yellow]earlier attempts[/] {title}: {', '.join(state.attempts)}")
        if state.holder is not None and "alarm" in state.holder.progress:
            whole.add_row(f"[yellow]alarm[/] {title}: {escape(alarm_text(state.holder.progress['alarm']))}")
    if left := _left(opened, states):
        whole.add_row(left)
    return whole


def _left(opened: Opened, states: Mapping[str, StageStatus]) -> str:
    done, workers = _done(states), _workers(states)
    seconds = estimate_seconds(opened.plan, opened.store, done, max(1, workers), _progress(states))
    if not seconds or len(done) == len(opened.plan.stages):
        return ""
    return f"about {duration(seconds)} left on {count(max(1, workers), 'worker')}"


def _counts_text(opened: Opened, states: Mapping[str, StageStatus]) -> str:
    """One line for logs: "smoke: 5 of 28 done, 2 running, 0 failed, 21 waiting"."""
    numbers = {name: sum(each.state is name for each in states.values()) for name in StageState}
    others = ", ".join(f"{number} {name}" for name, number in numbers.items() if name is not StageState.DONE)
    return f"{opened.plan.experiment.name}: {numbers[StageState.DONE]} of {len(states)} done, {others}"


def _progress(states: Mapping[str, StageStatus]) -> dict[str, Mapping[str, Any]]:
    """What running stages tell, by key."""
    return {key: state.holder.progress for key, state in states.items() if state.holder is not None}


def _workers(states: Mapping[str, StageStatus]) -> int:
    """Processes that hold leases."""
    return len({(each.holder.host, each.holder.pid) for each in states.values() if each.holder is not None})


def _done(states: Mapping[str, StageStatus]) -> frozenset[str]:
    return frozenset(key for key, state in states.items() if state.state is StageState.DONE)
