"""Rows of verl, Guru, SkyRL and DAPO data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_source import VerlSource
from xdomain.core.errors import DataError
from xdomain.domains.item_fields import parsed
from xdomain.domains.sources.files import FileRows
from xdomain.domains.sources.jsonl import read_jsonl
from xdomain.domains.sources.parquet import read_parquet


class VerlRows(FileRows):
    """The chat prompt's last user message is the question, its system message the system message.

    Guru keeps `reward_model` and `extra_info` as JSON text in places; both forms are read.
    """

    def __init__(self, config: VerlSource) -> None:
        super().__init__(config)
        self.data_sources = config.data_sources

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        reader = read_parquet if path.suffix == ".parquet" else read_jsonl
        for number, row in reader(path):
            if self.data_sources is None or row.get("data_source") in self.data_sources:
                yield number, flattened(row, f"{path}:{number}")

    def settings(self) -> Mapping[str, Any]:
        return {"layout": "verl", "data_sources": self.data_sources and list(self.data_sources)}

    def fields(self) -> Mapping[str, FieldConfig]:
        return {name: FieldConfig(column=name) for name in ("question", "gold", "system")}


def flattened(row: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The row with `question`, `system` and `gold` beside its own columns.

    Raises:
        DataError: the row lacks a prompt or a ground truth.
    """
    reward_model = parsed(row.get("reward_model"))
    prompt = parsed(row.get("prompt"))
    gold = reward_model.get("ground_truth") if isinstance(reward_model, Mapping) else None
    if gold is None or prompt is None:
        raise DataError(
            "a verl row should have `prompt` and `reward_model.ground_truth`.",
            where=where,
            fix=f"The row has the columns {', '.join(row)}; another kind of source may fit.",
        )
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": str(prompt)}]
    by_role = {message["role"]: message["content"] for message in messages if isinstance(message, Mapping)}
    if "user" not in by_role:
        raise DataError("the chat prompt has no user message.", where=where, fix="Correct the row.")
    return {**row, "question": by_role["user"], "system": by_role.get("system"), "gold": parsed_gold(gold)}


def parsed_gold(gold: Any) -> Any:
    """A ground truth that is a list of one (DAPO's math rows) is that one."""
    return gold[0] if isinstance(gold, list) and len(gold) == 1 else gold
