"""Answers of a killed evaluation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xdomain.core.records import Verdict
from xdomain.evaluate.journal import NAME, Answers, Journal
from xdomain.generation.base import Completion

HASHES = ["a", "b", "c"]
ANSWERS = Answers([Completion("é\ud800", 3, "stop", 0.5, 7)], [Verdict.wrong("different", answer="4")])


def write(folder: Path, *places: int) -> None:
    journal = Journal(folder, HASHES)
    for place in places:
        journal.add(place, ANSWERS)
    journal.close()


def found(folder: Path, hashes: list[str] | None = None) -> list[int]:
    journal = Journal(folder, hashes or HASHES)
    journal.close()
    return list(journal.found)


def test_answers_come_back_as_they_were(tmp_path: Path) -> None:
    write(tmp_path, 2, 0)
    journal = Journal(tmp_path, HASHES)
    assert journal.found == {2: ANSWERS, 0: ANSWERS}
    journal.close()


@pytest.mark.parametrize(
    "torn",
    [
        b'{"place": 1',
        b'{"place": 1, "prompt": "b"}\n',
        b'{"place": 9}\n',
        b"\x00\n",
        b'{"place": 1, "prompt": "z"}\n',
        b"[" * 200_000 + b"\n",
        b"[]\n",
        b'{"place": -1, "prompt": "c", "completions": [], "verdicts": []}\n',
        b'{"place": true, "prompt": "b", "completions": [], "verdicts": []}\n',
        b'{"place": 1, "prompt": "b", "completions": [{"text": 5}], "verdicts": []}\n',
        b'{"place": 1, "prompt": "b", "completions": 5, "verdicts": []}\n',
    ],
)
def test_a_torn_line_is_cut_off_and_answered_again(tmp_path: Path, torn: bytes) -> None:
    write(tmp_path, 0)
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole + torn)
    assert found(tmp_path) == [0]
    assert (tmp_path / NAME).read_bytes() == whole
    write(tmp_path, 1)
    assert found(tmp_path) == [0, 1]


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_replaced(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / NAME) if kind == "pipe" else (tmp_path / NAME / "below").mkdir(parents=True)
    assert found(tmp_path) == []
    write(tmp_path, 0)
    assert found(tmp_path) == [0]


def test_nothing_is_believed_after_a_line_of_another_prompt(tmp_path: Path) -> None:
    write(tmp_path, 0, 1, 2)
    assert found(tmp_path, ["a", "new", "c"]) == [0]


def test_an_item_that_is_answered_twice_ends_what_is_believed(tmp_path: Path) -> None:
    write(tmp_path, 0, 0, 1)
    assert found(tmp_path) == [0]
