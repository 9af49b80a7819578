"""JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xdomain.core.errors import DataError
from xdomain.domains.sources.files import FileRows, demand_object, open_text


class JsonlRows(FileRows):
    """One JSON object a line; empty lines are passed over."""

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        return read_jsonl(path)


def read_jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Lines of `path` with their numbers from 1.

    Raises:
        DataError: a line is no JSON object.
    """
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise DataError(f"is not JSON: {error}.", where=f"{path}:{number}", fix="Correct the line.") from error
            yield number, demand_object(value, f"{path}:{number}")
