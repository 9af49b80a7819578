"""Read a JSON document that contains a list of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xdomain.config.domain_source import JsonSource
from xdomain.core.errors import DataError
from xdomain.domains.sources.files import FileRows, demand_object, not_json, open_text, whole_text
from xdomain.domains.values import load_json


class JsonRows(FileRows):
    """A source of rows that are the objects of the list at `records`, numbered from 1."""

    def __init__(self, config: JsonSource) -> None:
        super().__init__(config)
        self.records = config.records

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        with open_text(path) as handle:
            try:
                value = load_json(whole_text(handle, path))
            except ValueError as error:
                raise not_json(error, str(path), "Correct the file; one object per line is `kind: jsonl`.") from error
        for step in filter(None, self.records.split(".")):
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, list):
            raise DataError(
                f'there is no list at "{self.records}".',
                where=str(path),
                fix="Name the place of the rows under `source.records`.",
            )
        for number, row in enumerate(value, start=1):
            yield number, demand_object(row, f"{path}:{number}")

    def settings(self) -> Mapping[str, Any]:
        return {"records": self.records}
