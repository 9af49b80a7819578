"""What one process of a group tells the worker."""

from __future__ import annotations

import importlib
import json
import signal
from pathlib import Path
from types import ModuleType

import pytest

from xdomain.core.states import NoteKind


@pytest.fixture
def group_member() -> ModuleType:
    """Import the module, which ignores Ctrl-C from then on, and undo that."""
    before = signal.getsignal(signal.SIGINT)
    module = importlib.import_module("xdomain.worker.group_member")
    signal.signal(signal.SIGINT, before)
    return module


def test_only_the_first_process_speaks(
    group_member: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = group_member.GroupReporter(tmp_path, speaks=False)
    silent.progress(1, 4)
    silent.event(NoteKind.ALARM, reason="x")
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""
    speaker = group_member.GroupReporter(tmp_path, speaks=True)
    speaker.progress(2, 4, loss=0.5)
    speaker.event(NoteKind.ALARM, reason="x")
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": 2, "total": 4, "values": {"loss": 0.5}}
    assert json.loads(capsys.readouterr().out) == {"event": "alarm", "reason": "x"}
    speaker.progress(3, 4)
    told = json.loads((tmp_path / "progress.json").read_text())
    assert told["values"] == {"alarm": {"reason": "x"}}, "so that the worker's lease shows it"
