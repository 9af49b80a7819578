"""Words that stores and `--json` hold."""

from __future__ import annotations

import json

from xdomain.core.states import Cause, EventKind, NoteKind, StageState


def test_stored_words_do_not_change() -> None:
    words = [[member.value for member in kind] for kind in (Cause, StageState, NoteKind)]
    assert words == [
        ["killed", "out of memory", "error", "damaged", "cancelled", "alarm"],
        ["done", "running", "failed", "waiting", "not needed"],
        ["alarm", "generation", "monitoring", "tracker"],
    ]
    assert {"started", "done", "retry", "failed", "damaged", "blocked", "waiting", "not needed"} == {
        kind.value for kind in EventKind
    }


def test_they_are_written_as_text() -> None:
    assert json.dumps({"cause": Cause.OUT_OF_MEMORY}) == '{"cause": "out of memory"}'
    assert Cause("damaged") is Cause.CORRUPT
