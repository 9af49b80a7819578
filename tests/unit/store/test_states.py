"""What became of every stage: done, running, failed or waiting."""

from __future__ import annotations

from tests.support.plans import make_plan
from tests.support.published import leased, published, write_holder
from xdomain.core.process import host_identity
from xdomain.core.states import Cause, StageState
from xdomain.store.failures import Failure
from xdomain.store.states import stage_states
from xdomain.store.store import Store


def test_each_state_with_what_explains_it(store: Store) -> None:
    plan = make_plan()
    base, running, failed, waiting, dead = list(plan.stages.values())[:5]
    published(store, base)
    lease = leased(store, running)
    failure = Failure(Cause.ERROR, "it broke.", "log.txt")
    store.failures.record(failed, failure)
    write_holder(store.lease_path(dead), host=host_identity(), pid=1, started=1.0)
    found = stage_states(store, [base, running, failed, waiting, dead])
    lease.release()
    assert [found[stage.key].state for stage in (base, running, failed, waiting, dead)] == [
        StageState.DONE,
        StageState.RUNNING,
        StageState.FAILED,
        StageState.WAITING,
        StageState.WAITING,
    ]
    assert found[failed.key].failure == failure
    assert found[running.key].holder is not None
    assert found[waiting.key].failure is None


def test_a_published_stage_is_done_whatever_failed_before(store: Store) -> None:
    stage = make_plan().base
    store.failures.record(stage, Failure(Cause.ERROR, "it broke.", "log.txt"))
    published(store, stage)
    assert stage_states(store, [stage])[stage.key].state is StageState.DONE
