"""Read rows of verl, Guru, SkyRL and DAPO data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_source import VerlSource
from xdomain.core.errors import DataError
from xdomain.core.json_text import RepeatedKeyError
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.item_fields import parsed
from xdomain.domains.sources.base import Row
from xdomain.domains.sources.files import FileRows
from xdomain.domains.sources.jsonl import read_jsonl
from xdomain.domains.sources.parquet import read_parquet
from xdomain.domains.values import readable


class VerlRows(FileRows):
    """A source of rows in verl's layout. The user message of the chat prompt is the question.

    Guru stores `reward_model` and `extra_info` partly as JSON text. Both forms are read.
    """

    def __init__(self, config: VerlSource) -> None:
        super().__init__(config)
        self.data_sources = config.data_sources

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
        reader = read_parquet if path.suffix == ".parquet" else read_jsonl
        for number, row in reader(path):
            if self.data_sources is None or row.get("data_source") in self.data_sources:
                yield number, row

    def settings(self) -> Mapping[str, Any]:
        return {"layout": "verl", "data_sources": self.data_sources and list(self.data_sources)}

    def fields(self) -> Mapping[str, FieldConfig]:
        return {name: FieldConfig(column=name) for name in ("question", "gold", "system")}

    def question_fields(self) -> Iterable[str]:
        return ("question",)

    def prepare(self, row: Row) -> Row:
        return Row(flattened(row.values, row.where), row.where)


def flattened(row: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return the row with `question`, `system` and `gold` added to its own columns, or None for missing ones.

    Raises:
        DataError: The row has the columns of another layout.
        BadRow: The row's chat prompt is not a single question.
    """
    if not {"prompt", "reward_model"} & row.keys():
        raise DataError(
            "a verl row should have `prompt` and `reward_model.ground_truth`.",
            where=where,
            fix=f"Choose another kind of source: the row has the columns {', '.join(row)}.",
        )
    try:
        reward_model = parsed(row.get("reward_model"))
        messages = chat_messages(row.get("prompt"))
    except RepeatedKeyError as error:
        raise BadRow(f"a cell cannot be read: {error}.", where=where, fix="Correct the row.") from error
    gold = reward_model.get("ground_truth") if isinstance(reward_model, Mapping) else None
    roles = [str(message.get("role") or "a message without a role") for message in messages]
    if roles not in (["user"], ["system", "user"], []):
        raise BadRow(
            f"the chat prompt should be one user message, after at most one system message. Found {', '.join(roles)}.",
            where=where,
            fix="Write earlier turns into the one user message.",
        )
    for kind in ("images", "videos", "audios"):
        held = readable(row.get(kind))
        if held is not None and held != []:
            raise BadRow(f"the row has `{kind}`, but prompts are text.", where=where, fix="Leave such rows out.")
    texts = {role: message_text(message.get("content"), where) for role, message in zip(roles, messages, strict=True)}
    return {**row, "question": texts.get("user"), "system": texts.get("system"), "gold": parsed_gold(gold)}


def chat_messages(prompt: Any) -> Sequence[Mapping[str, Any]]:
    """Return the messages of a prompt: a chat, a chat as JSON text, or the text of one user message."""
    found = parsed(prompt)
    found = [found] if isinstance(found, Mapping) else found
    is_chat = isinstance(found, list) and found and all(isinstance(part, Mapping) for part in found)
    if is_chat and (not isinstance(prompt, str) or all("role" in part for part in found)):
        return list(found)
    text = readable(prompt)
    return [] if text is None else [{"role": "user", "content": text}]


def message_text(content: Any, where: str) -> str | None:
    """Return the text of a message. Text parts are joined as chat templates do, with nothing between them.

    Raises:
        BadRow: The message holds something other than text, such as an image.
    """
    content = readable(content)
    if content is None or isinstance(content, str):
        return content
    is_list = isinstance(content, list)
    if is_list and all(
        isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)
        for part in content
    ):
        return "".join(part["text"] for part in content)
    kinds = [part.get("type") if isinstance(part, Mapping) else part for part in content] if is_list else content
    raise BadRow(
        f"a message should be text, or a list of text parts. Found {str(kinds)[:80]}.",
        where=where,
        fix="Leave such rows out, or write their content as text.",
    )


def parsed_gold(gold: Any) -> Any:
    """Return a ground truth, or the only entry of a list with one entry (DAPO's math rows)."""
    gold = readable(gold)
    return gold[0] if isinstance(gold, list) and len(gold) == 1 else gold
