"""Failures, cancellations and attempts as a store keeps them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.core.states import Cause
from xdomain.store.failures import Failure
from xdomain.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


@pytest.mark.parametrize("cause", Cause)
def test_a_failure_is_read_back(store: Store, cause: Cause) -> None:
    stage, other = make_plan().train_stages[:2]
    failure = Failure(cause, "why", "a.log")
    store.failures.record(stage, failure)
    assert store.failures.last(stage) == failure
    assert store.failures.last(other) is None
    assert store.failures.is_cancelled(stage) is (cause is Cause.CANCELLED)
    assert store.failures.held(stage) == (failure if cause in (Cause.CANCELLED, Cause.ALARM) else None)
    store.failures.clear(stage)
    assert store.failures.last(stage) is None


@pytest.mark.parametrize("text", ["", "[]", '{"cause": "error"}', '{"cause": "bored", "message": "", "log": ""}'])
def test_a_file_that_makes_no_sense_tells_nothing(store: Store, text: str) -> None:
    stage = make_plan().base
    (store.root / "failures" / f"{stage.folder}.json").write_text(text)
    assert store.failures.last(stage) is None


def test_attempts_are_kept_in_order_and_a_torn_line_is_passed_over(store: Store) -> None:
    stage = make_plan().base
    assert store.failures.attempts(stage) == []
    for cause in (Cause.KILLED, Cause.OUT_OF_MEMORY):
        store.failures.note_attempt(stage, cause)
    with (store.root / "attempts" / f"{stage.folder}.jsonl").open("a") as handle:
        handle.write('{"time": 1.0, "cau')
    assert store.failures.attempts(stage) == [Cause.KILLED, Cause.OUT_OF_MEMORY]
    store.failures.forget_attempts(stage)
    assert store.failures.attempts(stage) == []


def test_attempts_are_what_can_be_read_of_them(store: Store) -> None:
    stage = make_plan().base
    store.failures.note_attempt(stage, Cause.ERROR)
    path = store.root / "attempts" / f"{stage.folder}.jsonl"
    odd = ["", "[]", "7", '{"cause": "bored"}', '{"cause": 3}', "{}", "[" * 200_000, "\x00", '{"cause": "err']
    path.write_text(path.read_text() + "\n".join(odd) + "\n")
    store.failures.note_attempt(stage, Cause.KILLED)
    assert store.failures.attempts(stage) == [Cause.ERROR, Cause.KILLED]


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_tells_nothing(store: Store, kind: str) -> None:
    stage = make_plan().base
    for path in (store.root / "failures" / f"{stage.folder}.json", store.root / "attempts" / f"{stage.folder}.jsonl"):
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to("/dev/zero")
    assert store.failures.last(stage) is None
    assert not store.failures.is_cancelled(stage)
    assert store.failures.attempts(stage) == []


def test_a_failure_repeats_no_secret(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILURE_TEST_TOKEN", "tok-0123456789")
    stage = make_plan().base
    store.failures.record(stage, Failure(Cause.ERROR, "tok-0123456789 http://me:pw@h/v1", "a.log"))
    assert store.failures.last(stage) == Failure(Cause.ERROR, "$FAILURE_TEST_TOKEN http://***@h/v1", "a.log")
