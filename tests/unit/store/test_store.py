"""The store: leases, publishing, damage, versions."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from tests.support.published import fill, leased, published, write_holder
from xdomain.core.errors import DamagedArtifact
from xdomain.core.states import Cause
from xdomain.plan.stage import StageSpec
from xdomain.store.description import STAGE
from xdomain.store.failures import Failure
from xdomain.store.garbage import find_garbage
from xdomain.store.history import estimate_seconds
from xdomain.store.store import Store


def test_publish_makes_a_stage_done_with_its_result(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    lease = leased(store, stage)
    assert store.publish(stage, lease, {"summary": {"steps": 3}, "seconds": 1.5})
    assert store.done([stage]) == {stage.key}
    assert store.result(stage)["summary"] == {"steps": 3}
    assert (store.open_artifact(stage) / "artifact.txt").read_text() == "weights"
    assert not store.names("work")


def test_alarms_are_read_from_the_result_if_it_can_be_read(store: Store, stage: StageSpec) -> None:
    folder = published(store, stage, summary={"gap_alarms": ["it drifted"]})
    assert store.gap_alarms(stage) == ("it drifted",)
    (folder / STAGE).write_text("{")
    assert store.gap_alarms(stage) == ()


def test_a_lost_lease_publishes_nothing(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    lease = leased(store, stage)
    write_holder(store.lease_path(stage))
    assert not store.publish(stage, lease, {})
    assert store.done([stage]) == frozenset()


def test_the_second_publisher_changes_nothing(store: Store, stage: StageSpec) -> None:
    fill(store, stage, "first")
    assert store.publish(stage, leased(store, stage), {"seconds": 1})
    store.lease_path(stage).unlink()
    fill(store, stage, "second")
    assert not store.publish(stage, leased(store, stage), {"seconds": 2})
    assert (store.folder(stage) / "artifact.txt").read_text() == "first"


def test_failures_are_remembered_until_cleared(store: Store, stage: StageSpec) -> None:
    failure = Failure(Cause.ERROR, "it broke.", "log.txt")
    store.failures.record(stage, failure)
    assert store.failures.last(stage) == failure
    store.failures.clear(stage)
    assert store.failures.last(stage) is None


def test_find_by_title_pattern_and_key(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {"summary": {}})
    assert [found.key for found in store.find("base*")] == [stage.key]
    assert [found.key for found in store.find(stage.key[:10])] == [stage.key]
    assert store.find("nothing") == []


def test_a_changed_number_of_a_result_is_found(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {"summary": {"completion_tokens": 10}, "seconds": 1})
    path = store.folder(stage) / STAGE
    path.write_text(path.read_text().replace("10", "99"))
    with pytest.raises(DamagedArtifact, match=r'"stage\.json" is damaged'):
        store.result(stage)
    with pytest.raises(DamagedArtifact):
        store.find(stage.title)


def test_a_torn_description_is_no_traceback(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {"seconds": 1})
    path = store.folder(stage) / STAGE
    path.write_text(path.read_text()[:40])
    plan = make_plan()
    assert store.find("something else") == []
    assert estimate_seconds(plan, store, frozenset({stage.key})) is None
    with pytest.raises(DamagedArtifact):
        store.find(stage.folder)
    with pytest.raises(DamagedArtifact):
        find_garbage(store, [plan])


@pytest.mark.parametrize("text", ["", "[]", '{"cause": "error"}'])
def test_a_torn_failure_tells_nothing(store: Store, stage: StageSpec, text: str) -> None:
    store.failures.record(stage, Failure(Cause.ERROR, "why", "log"))
    (store.root / "failures" / f"{stage.folder}.json").write_text(text)
    assert store.failures.last(stage) is None
    assert not store.failures.is_cancelled(stage)
