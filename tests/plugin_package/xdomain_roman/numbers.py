"""A source written from scratch against `xdomain.domains.sources.base`: the numbers from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_source import PluginSource
from xdomain.domains.sources.base import Part, Row, Source
from xdomain_roman import to_roman


class Numbers(Source):
    """One pool of questions, split by hash."""

    def __init__(self, config: PluginSource) -> None:
        self.highest: int = config.settings.highest

    def parts(self) -> tuple[Part, ...]:
        return ("pool",)

    def rows(self, part: Part) -> Sequence[Row]:
        numbers = range(1, self.highest + 1)
        return [Row({"question": f"{each}=", "gold": to_roman(each)}, f"numbers:{each}") for each in numbers]

    def identity(self) -> Mapping[str, Any]:
        return {"highest": self.highest, "version": 1}

    def fields(self) -> Mapping[str, FieldConfig]:
        return {name: FieldConfig(column=name) for name in ("question", "gold")}
