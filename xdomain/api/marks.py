"""Cancel stages, and clear cancellations and failures."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.core.errors import StoreError
from xdomain.core.states import Cause
from xdomain.plan.stage import StageRef, StageSpec
from xdomain.store.failures import Failure
from xdomain.store.states import stage_states
from xdomain.store.store import Store


def cancel_stage(store: Store, stage: StageRef) -> None:
    """Mark a stage as cancelled. A worker that runs it stops at its next step, and no session starts it.

    Raises:
        StoreError: The stage is done already.
    """
    if store.done([stage]):
        raise StoreError(f'"{stage.title}" is done already.', where=str(store.root))
    store.create()
    message = "cancelled. `xdomain grid retry` undoes that."
    store.failures.record(stage, Failure(Cause.CANCELLED, message, str(store.log_path(stage))))


def clear_failures(store: Store, stages: Iterable[StageSpec]) -> list[StageSpec]:
    """Clear failures and cancellations of stages, so that the stages run again.

    Returns:
        The stages that had failed or were cancelled.
    """
    wanted = list(stages)
    states = stage_states(store, wanted)
    failed = [stage for stage in wanted if states[stage.key].failure is not None]
    for stage in failed:
        store.failures.clear(stage)
        store.failures.forget_attempts(stage)
    return failed
