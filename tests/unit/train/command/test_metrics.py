from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from xdomain.core.errors import StageError
from xdomain.train.command.metrics import LARGEST, newest_step, take_metrics


def test_numbers_are_kept_in_the_order_of_steps_and_the_last_line_of_a_step_counts(tmp_path: Path) -> None:
    source, target = tmp_path / "metrics.jsonl", tmp_path / "taken.jsonl"
    source.write_text(
        '{"step": 2, "loss": 1}\n{"step": 1, "loss": NaN, "domains": 5, "note": "x", "big": 1e999}\n'
        '{"step": 2, "loss": 0.5, "right": true}\n'
    )
    take_metrics(source, target, 2)
    assert [json.loads(line) for line in target.read_text().splitlines()] == [{"step": 1}, {"step": 2, "loss": 0.5}]


def test_a_command_may_leave_no_metrics(tmp_path: Path) -> None:
    take_metrics(tmp_path / "metrics.jsonl", tmp_path / "taken.jsonl", 2)
    assert not (tmp_path / "taken.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"step": 1}\nloss 3\n', "line 2"),
        ('{"step": 3}\n', "from 1 to 2"),
        ('{"loss": 3}\n', "line 1"),
        ('{"step": true}\n', "line 1"),
        ("[1]\n", "line 1"),
        ("[" * 100_000, "line 1"),
    ],
)
def test_a_malformed_line_is_refused_by_its_number(tmp_path: Path, text: str, words: str) -> None:
    source = tmp_path / "metrics.jsonl"
    source.write_text(text)
    with pytest.raises(StageError, match=words):
        take_metrics(source, tmp_path / "taken.jsonl", 2)


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    source = tmp_path / "metrics.jsonl"
    with source.open("wb") as handle:
        handle.truncate(LARGEST + 1)
    with pytest.raises(StageError, match="larger than 64 MiB"):
        take_metrics(source, tmp_path / "taken.jsonl", 2)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "metrics.jsonl"
    make = {"link": lambda: source.symlink_to("/etc/passwd"), "pipe": lambda: os.mkfifo(source), "folder": source.mkdir}
    make[kind]()
    with pytest.raises(StageError, match="not a regular file"):
        take_metrics(source, tmp_path / "taken.jsonl", 2)


def test_the_newest_step_is_that_of_the_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert newest_step(path) is None
    path.write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert newest_step(path) == 2
    path.write_text(f'{{"step": 1, "text": "{"x" * 9000}"}}\n')
    assert newest_step(path) is None, "a line longer than what is looked at"
