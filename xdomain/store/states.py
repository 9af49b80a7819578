"""Find the state of every stage of a plan. The store's folders are listed only once, whatever the plan's size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdomain.core.states import Cause, StageState
from xdomain.plan.stage import StageRef
from xdomain.store.failures import Failure
from xdomain.store.holder import Holder, read_holder
from xdomain.store.store import Store


@dataclass(frozen=True)
class StageStatus:
    """A stage's state in the store, with what explains it.

    Attributes:
        state: State of the stage.
        holder: Holder of its lease, if it is running.
        failure: Its last failure, if it failed.
        attempts: Causes that ended earlier attempts, oldest first.
    """

    state: StageState
    holder: Holder | None = None
    failure: Failure | None = None
    attempts: tuple[Cause, ...] = ()


def stage_states(store: Store, stages: Iterable[StageRef]) -> dict[str, StageStatus]:
    """Return the state of every stage, by key."""
    wanted = list(stages)
    done = store.done(wanted)
    leases, failures, attempts = store.names("leases"), store.names("failures"), store.names("attempts")
    found = {}
    for stage in wanted:
        past = tuple(store.failures.attempts(stage)) if f"{stage.folder}.jsonl" in attempts else ()
        if stage.key in done:
            found[stage.key] = StageStatus(StageState.DONE, attempts=past)
            continue
        name = f"{stage.folder}.json"
        holder = read_holder(store.lease_path(stage)) if name in leases else None
        if holder is not None and not holder.is_dead_here():
            found[stage.key] = StageStatus(StageState.RUNNING, holder=holder, attempts=past)
            continue
        failure = store.failures.last(stage) if name in failures else None
        state = StageState.FAILED if failure else StageState.WAITING
        found[stage.key] = StageStatus(state, failure=failure, attempts=past)
    return found
