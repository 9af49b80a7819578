"""Store the answers of one evaluation as they arrive, so that a killed evaluation can continue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xdomain.core.files import remove
from xdomain.core.records import Outcome, Verdict
from xdomain.generation.base import Completion

NAME = "answers.jsonl"
LONGEST_LINE = 1 << 28
"""Largest number of bytes in a line. A longer line was not written by this module."""


@dataclass(frozen=True)
class Answers:
    """Completions of one item and the verifier's verdicts."""

    completions: list[Completion]
    verdicts: list[Verdict]


class Journal:
    """A file with one line per item in a stage's scratch folder, removed when the stage is published.

    A kill can leave only the last line incomplete. That line is cut off, and its item is answered again.

    Args:
        folder: Scratch folder of the stage.
        prompt_hashes: Prompt hash of each item. The journal is read up to the first line with another hash.
    """

    def __init__(self, folder: Path, prompt_hashes: Sequence[str]) -> None:
        self._path = folder / NAME
        self._hashes = prompt_hashes
        self.found, good_bytes = self._read()
        self._handle = self._path.open("ab")
        self._handle.truncate(good_bytes)

    def add(self, place: int, answers: Answers) -> None:
        """Write one item's answers to the file. They survive a kill of the process, but not a crash of the machine."""
        line = {
            "place": place,
            "prompt": self._hashes[place],
            "completions": [asdict(completion) for completion in answers.completions],
            "verdicts": [asdict(verdict) for verdict in answers.verdicts],
        }
        self._handle.write(json.dumps(line).encode() + b"\n")
        self._handle.flush()

    def close(self) -> None:
        self._handle.close()

    def _read(self) -> tuple[dict[int, Answers], int]:
        """Return the answers by item index, and the number of bytes of the lines that hold them."""
        found: dict[int, Answers] = {}
        good = 0
        if not self._path.is_file():
            remove(self._path)  # not a file: a pipe or a folder
            return found, good
        with self._path.open("rb") as handle:
            while raw := handle.readline(LONGEST_LINE):
                parsed = self._parse(raw) if raw.endswith(b"\n") else None
                if parsed is None or parsed[0] in found:
                    break
                found[parsed[0]] = parsed[1]
                good += len(raw)
        return found, good

    def _parse(self, raw: bytes) -> tuple[int, Answers] | None:
        """Return item index and answers of one line, or None if it is corrupt or answers another prompt."""
        try:
            line = json.loads(raw)
            place = line["place"]
            known = type(place) is int and 0 <= place < len(self._hashes)
            if not known or line["prompt"] != self._hashes[place]:
                return None
            completions = [_completion(entry) for entry in line["completions"]]
            return place, Answers(completions, [_verdict(entry) for entry in line["verdicts"]])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None


def _completion(entry: Mapping[str, Any]) -> Completion:
    if not isinstance(entry["text"], str):
        raise TypeError("a completion is a text")
    return Completion(**entry)


def _verdict(entry: Mapping[str, object]) -> Verdict:
    return Verdict(**{**entry, "outcome": Outcome(str(entry["outcome"]))})  # type: ignore[arg-type]
