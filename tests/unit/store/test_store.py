"""The store: leases, publishing, damage, versions."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import DamagedArtifact, StoreError
from xdomain.core.files import write_json
from xdomain.core.process import host_identity
from xdomain.core.states import Cause
from xdomain.plan.stage import StageSpec
from xdomain.store.artifact import DONE, STAGE
from xdomain.store.failures import Failure
from xdomain.store.garbage import find_garbage
from xdomain.store.history import estimate_seconds
from xdomain.store.lease import Lease, StaleWatch, acquire, read_holder
from xdomain.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


@pytest.fixture
def stage() -> StageSpec:
    return make_plan().base


def leased(store: Store, stage: StageSpec) -> Lease:
    lease = acquire(store.lease_path(stage))
    assert lease is not None
    return lease


def fill(store: Store, stage: StageSpec, text: str = "weights") -> None:
    store.work(stage).mkdir(parents=True)
    (store.work(stage) / "artifact.txt").write_text(text)


def write_holder(path: Path, **changes: object) -> None:
    holder = {"token": "t", "host": "elsewhere/boot", "pid": 1, "started": 0.0, "beat": 0, "progress": {}} | changes
    path.write_text(json.dumps(holder))


def test_publish_makes_a_stage_done_with_its_result(store: Store, stage: StageSpec) -> None:
    lease = leased(store, stage)
    fill(store, stage)
    assert store.publish(stage, lease, {"summary": {"steps": 3}, "seconds": 1.5})
    assert store.done([stage]) == {stage.key}
    assert store.result(stage)["summary"] == {"steps": 3}
    assert (store.open_artifact(stage) / "artifact.txt").read_text() == "weights"
    assert not store.work(stage).exists()


def test_a_lost_lease_publishes_nothing(store: Store, stage: StageSpec) -> None:
    lease = leased(store, stage)
    fill(store, stage)
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


@pytest.mark.parametrize("whole", [True, False])
def test_killed_between_rename_and_token(store: Store, stage: StageSpec, whole: bool) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {"seconds": 1})
    (store.folder(stage) / DONE).unlink()
    if not whole:
        (store.folder(stage) / "artifact.txt").write_text("torn")
    assert store.done([stage]) == frozenset()
    assert store.settle(stage) is whole
    assert store.folder(stage).exists() is whole


def test_a_flipped_byte_is_found(store: Store, stage: StageSpec) -> None:
    fill(store, stage)
    store.publish(stage, leased(store, stage), {})
    (store.folder(stage) / "artifact.txt").write_text("weighty")
    with pytest.raises(StoreError, match=r'"artifact\.txt" is damaged'):
        store.open_artifact(stage)


def test_a_lease_is_exclusive_until_released(store: Store, stage: StageSpec) -> None:
    lease = leased(store, stage)
    assert acquire(store.lease_path(stage)) is None
    lease.release()
    assert read_holder(store.lease_path(stage)) is None
    leased(store, stage).release()


def test_a_dead_process_on_this_machine_loses_its_lease_at_once(store: Store, stage: StageSpec) -> None:
    code = (
        "import sys, os; from pathlib import Path; from xdomain.store.lease import acquire;"
        "acquire(Path(sys.argv[1])); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.lease_path(stage))], check=False)
    holder = read_holder(store.lease_path(stage))
    assert holder is not None
    assert holder.is_dead_here()
    assert StaleWatch().holder(store.lease_path(stage)) == (holder, True)
    leased(store, stage).release()


def test_a_reused_process_number_is_not_the_holder(store: Store, stage: StageSpec) -> None:
    write_holder(store.lease_path(stage), host=host_identity(), pid=1, started=1.0)
    leased(store, stage).release()


def test_a_holder_elsewhere_is_stale_only_when_its_beat_stands_still(store: Store, stage: StageSpec) -> None:
    path = store.lease_path(stage)
    patient, hasty = StaleWatch(stale_seconds=1000), StaleWatch(stale_seconds=-1)
    write_holder(path, beat=1)
    assert patient.holder(path)[1] is False
    assert hasty.holder(path)[1] is True
    holder = patient.holder(path)[0]
    assert holder is not None
    assert acquire(path) is None
    taken = acquire(path, stale_token=holder.token)
    assert taken is not None
    taken.release()


def test_every_lease_of_a_process_beats_in_one_thread_until_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xdomain.store.lease.BEAT_SECONDS", 0.02)
    lost = threading.Event()
    first = acquire(tmp_path / "a.json")
    assert first is not None
    assert acquire(tmp_path / "b.json", on_lost=lost.set) is not None
    threads = threading.active_count()
    third = acquire(tmp_path / "c.json")
    assert third is not None
    assert threading.active_count() == threads

    def beats() -> list[int]:
        return [holder.beat for name in "abc" if (holder := read_holder(tmp_path / f"{name}.json"))]

    wait_until(lambda: len(beats()) == 3 and min(beats()) >= 2)
    write_json(tmp_path / "b.json", json.loads((tmp_path / "b.json").read_text()) | {"token": "another"})
    assert lost.wait(10)
    first.release()
    third.release()
    after = beats()
    fourth = acquire(tmp_path / "d.json")
    assert fourth is not None
    wait_until(lambda: (holder := read_holder(tmp_path / "d.json")) is not None and holder.beat >= 2)
    fourth.release()
    assert len(after) == 1
    assert beats() == after, "neither a released lease nor a lost one is written any more"


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_failures_are_remembered_until_cleared(store: Store, stage: StageSpec) -> None:
    failure = Failure(Cause.ERROR, "it broke.", "log.txt")
    store.failures.record(stage, failure)
    assert store.failures.last(stage) == failure
    store.failures.clear(stage)
    assert store.failures.last(stage) is None


def test_a_newer_store_and_a_foreign_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="schema 99"):
        Store(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="not empty and not a store"):
        Store(other)
    named_alike = tmp_path / "thesis"
    (named_alike / "work" / "chapters").mkdir(parents=True)
    with pytest.raises(StoreError, match="not empty and not a store"):
        Store(named_alike)


def test_a_store_that_is_half_made_is_one(tmp_path: Path) -> None:
    """Another runner is making it at this moment, or was killed in doing so."""
    (tmp_path / "stages").mkdir()
    (tmp_path / ".store.json.0a1b").write_text("{")
    Store(tmp_path).create()
    assert (tmp_path / "store.json").is_file()


def test_a_store_that_cannot_be_written_is_said_before_work_starts(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(StoreError, match="cannot be used as a store"):
        Store(blocker / "store").create()


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


@pytest.mark.parametrize("text", ["", "[]", '{"other": 1}'])
def test_a_torn_version_is_refused(store: Store, text: str) -> None:
    (store.root / "store.json").write_text(text)
    with pytest.raises(StoreError, match="no schema version"):
        Store(store.root)


@pytest.mark.parametrize("text", ["", "[]", '{"cause": "error"}'])
def test_a_torn_failure_tells_nothing(store: Store, stage: StageSpec, text: str) -> None:
    store.failures.record(stage, Failure(Cause.ERROR, "why", "log"))
    (store.root / "failures" / f"{stage.folder}.json").write_text(text)
    assert store.failures.last(stage) is None
    assert not store.failures.is_cancelled(stage)
