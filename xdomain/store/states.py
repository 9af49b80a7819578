"""What became of every stage of a plan so far; the store's folders are listed once, whatever the plan's size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from xdomain.plan.stage import Stage
from xdomain.store.lease import Holder, read_holder
from xdomain.store.store import Failure, Store

State = Literal["done", "running", "failed", "waiting"]
STATES: tuple[State, ...] = ("done", "running", "failed", "waiting")


@dataclass(frozen=True)
class StageState:
    """Where a stage stands.

    Attributes:
        state: "done", "running", "failed" or "waiting".
        holder: who runs it.
        failure: why it failed last; only if it failed.
        attempts: why earlier attempts ended, oldest first.
    """

    state: State
    holder: Holder | None = None
    failure: Failure | None = None
    attempts: tuple[str, ...] = ()


def stage_states(store: Store, stages: Iterable[Stage]) -> dict[str, StageState]:
    """State of every stage, by key."""
    wanted = list(stages)
    done = store.done(wanted)
    leases, failures, attempts = store.names("leases"), store.names("failures"), store.names("attempts")
    found = {}
    for stage in wanted:
        past = tuple(store.attempts(stage)) if f"{stage.folder}.jsonl" in attempts else ()
        if stage.key in done:
            found[stage.key] = StageState("done", attempts=past)
            continue
        name = f"{stage.folder}.json"
        holder = read_holder(store.lease_path(stage)) if name in leases else None
        if holder is not None and not holder.is_dead_here():
            found[stage.key] = StageState("running", holder=holder, attempts=past)
            continue
        failure = store.failure(stage) if name in failures else None
        found[stage.key] = StageState("failed" if failure else "waiting", failure=failure, attempts=past)
    return found
