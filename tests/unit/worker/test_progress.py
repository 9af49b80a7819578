"""What a running stage tells on its lease and in its log."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.core.states import NoteKind
from xdomain.worker.progress import LeaseReporter


class Told:
    """Stands for a lease, and keeps what it is told."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}

    def progress(self, values: dict[str, Any]) -> None:
        self.last = values


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("xdomain.worker.progress.time.monotonic", lambda: now[0])
    return now


def test_the_rate_is_that_of_what_was_made_since_the_first_call(clock: list[float]) -> None:
    told = Told()
    reporter = LeaseReporter(told)  # type: ignore[arg-type]  # what it uses of a lease
    reporter.progress(4, 10)
    assert told.last == {"done": 4, "total": 10, "seconds_per_unit": None}
    clock[0] += 6.0
    reporter.progress(7, 10, loss=0.5)
    assert told.last == {"done": 7, "total": 10, "seconds_per_unit": 2.0, "loss": 0.5}


def test_the_log_gets_a_line_now_and_then_and_the_last(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    reporter = LeaseReporter(Told())  # type: ignore[arg-type]
    for done in range(1, 5):
        reporter.progress(done, 4, rewards={"logic": 0.25, "math": None})
        clock[0] += 2.0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["1/4  logic +0.250", "4/4  logic +0.250"]


def test_an_alarm_stays_on_the_lease(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    reporter = LeaseReporter(told)  # type: ignore[arg-type]
    reporter.progress(1, 10)
    reporter.event(NoteKind.ALARM, reason="the loss is not finite")
    reporter.progress(2, 10)
    assert told.last["alarm"] == {"reason": "the loss is not finite"}
    assert told.last["done"] == 2
    assert '"reason": "the loss is not finite"' in capsys.readouterr().out
