"""The kernel's count of processes that it killed for memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.schedule import memory
from xdomain.schedule.memory import memory_kills


def test_this_kernel_counts_or_says_nothing() -> None:
    first, second = memory_kills(), memory_kills()
    assert (first is None) == (second is None) == ("oom_kill " not in vmstat())
    assert first is None or 0 <= first <= (second or 0)


def vmstat() -> str:
    return memory.COUNTERS.read_text() if memory.COUNTERS.is_file() else ""


@pytest.mark.parametrize(
    ("text", "kills"),
    [("nr_free_pages 12\noom_kill 7\noom_kill_x 9\n", 7), ("nr_free_pages 12\n", None), (None, None)],
)
def test_the_counter_is_read(
    text: str | None, kills: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vmstat"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(memory, "COUNTERS", path)
    assert memory_kills() == kills
