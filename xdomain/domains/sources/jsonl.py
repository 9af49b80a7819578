"""Read JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xdomain.domains.sources.files import FileRows, demand_object, not_json, open_text, read_lines
from xdomain.domains.values import load_json


class JsonlRows(FileRows):
    """A source with one JSON object per line. Empty lines are skipped."""

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        return read_jsonl(path)


def read_jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the lines of `path` with their numbers from 1.

    Raises:
        DataError: A line is not a JSON object, or lists a key twice.
    """
    with open_text(path) as handle:
        for number, line in enumerate(read_lines(handle, path), start=1):
            if not line.strip():
                continue
            try:
                value = load_json(line)
            except ValueError as error:
                raise not_json(error, f"{path}:{number}", "Correct the line.") from error
            yield number, demand_object(value, f"{path}:{number}")
