"""Make items of rows: map fields, filter, fill the template, drop exact repeats, split, limit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xdomain.config.domain import DomainConfig, FieldConfig, FilterConfig
from xdomain.core.errors import DataError
from xdomain.core.fingerprint import text_digest
from xdomain.domains.bad_rows import BadRow, count_left_out
from xdomain.domains.base import Item, Split
from xdomain.domains.item_fields import (
    demand_columns,
    demand_judged,
    demand_options,
    passes,
    read_field,
    read_options,
)
from xdomain.domains.sources.base import Part, Row, Source
from xdomain.domains.splits import prompt_key, question_key, split_of
from xdomain.domains.templates import render
from xdomain.domains.values import plain_json, written

NOT_METADATA = frozenset({"gold", "id", "cluster", "question", "solution", "system"})
"""Fields that have their own attribute in an item, or that only templates use."""

NOT_ASKED = frozenset({"gold", "solution", "cluster", "id", "system"})
"""Fields that are not part of the question. Two items that differ only in these share a split."""

NO_REFERENCE = ""
"""The gold of an item without a gold answer."""


@dataclass(frozen=True)
class BuiltItem:
    """An item with its solution and its origin.

    Attributes:
        item: The item.
        solution: A right completion.
        where: File and line of its row.
    """

    item: Item
    solution: str
    where: str


@dataclass(frozen=True)
class BuiltPart:
    """The items of one part of a source.

    Attributes:
        splits: Items of each split that the part holds.
        left_out: Sentence that counts the bad rows that were left out; None if none was.
    """

    splits: Mapping[Split, Sequence[BuiltItem]]
    left_out: str | None


def part_of(split: Split, parts: tuple[Part, ...]) -> Part | None:
    """Return the part of the source that holds a split, or None if there is none."""
    if "pool" in parts:
        return "pool"
    if split is Split.DEV and "dev" not in parts:
        return "train" if "train" in parts else None
    return split.value if split.value in parts else None


def build_part(config: DomainConfig, source: Source, part: Part) -> BuiltPart:
    """Build the splits that one part of a source holds. A pool, or a train part without dev, is divided by question.

    Raises:
        DataError: No row has a mapped column, a row is bad and bad rows are refused, two rows share an id, or no row is
            left.
    """
    rows = source.rows(part)
    builder = RowBuilder(config, source)
    splits: dict[Split, list[BuiltItem]] = {split: [] for split in Split if part_of(split, source.parts()) == part}
    seen: set[tuple[str, str | None, str]] = set()
    bad: list[BadRow] = []
    for built in builder.items(rows, bad):
        # A row that repeats prompt, system message and gold adds nothing. `check` reports a prompt with two golds.
        text = (built.item.prompt, built.item.system, built.item.gold)
        if text not in seen:
            seen.add(text)
            splits[place(config, splits, built.item.split_key)].append(built)
    left_out = count_left_out(len(rows), bad)
    if not seen:
        raise DataError(
            " ".join(filter(None, (f"no row of {part} is left after filters.", left_out))),
            where=f"domains.{config.name}",
            fix="Loosen `filters`, or check the source.",
        )
    kept = {split: with_distinct_ids(entries, limit_of(config, split)) for split, entries in splits.items()}
    return BuiltPart(kept, left_out)


def place(config: DomainConfig, splits: Iterable[Split], key: str) -> Split:
    """Return the split that a split key belongs to, among the splits that share a part."""
    shared = tuple(splits)
    if len(shared) == 1:
        return shared[0]
    return split_of(key, dev=config.split.dev, test=config.split.test if Split.TEST in shared else 0.0)


def limit_of(config: DomainConfig, split: Split) -> int | None:
    limit: int | None = getattr(config.limit, split.value)
    return limit


def with_distinct_ids(entries: list[BuiltItem], limit: int | None) -> list[BuiltItem]:
    """Return the first `limit` entries. Their ids must be distinct, because items are paired by id.

    Raises:
        DataError: Two rows share an id.
    """
    kept: dict[str, BuiltItem] = {}
    for entry in entries[:limit]:
        if entry.item.id in kept:
            raise DataError(
                f'the id "{entry.item.id}" is listed twice, first at {kept[entry.item.id].where}.',
                where=entry.where,
                fix="Name a column of distinct ids under `fields.id`, or leave it out: prompts then make the ids.",
            )
        kept[entry.item.id] = entry
    return list(kept.values())


class RowBuilder:
    """A builder of one domain's items from rows.

    Args:
        config: Description of the domain.
        source: Source of the rows.
    """

    def __init__(self, config: DomainConfig, source: Source) -> None:
        self.config = config
        self.source = source
        self.fields: Mapping[str, FieldConfig] = {**source.fields(), **config.fields}

    def items(self, rows: Sequence[Row], bad: list[BadRow]) -> Iterator[BuiltItem]:
        """Yield an item for each row that passes the filters, and append bad rows to `bad`.

        Raises:
            BadRow: A row is bad, and the domain refuses such rows.
            DataError: No row has a mapped column, or the description is wrong.
        """
        options = self.config.options
        columns = {field.column for field in self.config.fields.values()}
        columns |= {options.right, *options.wrong} if options is not None else set()
        demand_columns(sorted(columns - {field.column for field in self.source.fields().values()}), rows)
        for row in rows:
            try:
                built = self.build(row)
            except BadRow as error:
                if self.config.on_bad_row == "refuse":
                    skip = f"To leave such rows out, set `on_bad_row: skip` for domains.{self.config.name}."
                    raise BadRow(error.what, where=error.where, fix=f"{error.fix or ''} {skip}".strip()) from error
                bad.append(error)
                continue
            if built is not None:
                yield built

    def build(self, row: Row) -> BuiltItem | None:
        """Return the row's item, or None if a filter drops it.

        Raises:
            BadRow: The row cannot become an item.
        """
        try:
            return self.build_prepared(self.source.prepare(row))
        except UnicodeDecodeError as error:
            raise BadRow("a cell holds bytes that are not UTF-8 text.", where=row.where, fix="Correct it.") from error

    def build_prepared(self, row: Row) -> BuiltItem | None:
        values = {name: read_field(row, field) for name, field in self.fields.items()}
        # Filters come first, so a row that a filter drops may be bad.
        early, late = self._filters
        if not all(passes(entry, values, row.where) for entry in early):
            return None
        if self.config.options is not None:
            values |= read_options(row, self.config.options)
        elif isinstance(values.get("options"), list):
            demand_options(values["options"], row.where)
        prompt = render(self.config.template, values, where=row.where)
        if not all(passes(entry, {**values, "prompt": prompt}, row.where) for entry in late):
            return None
        return self.build_item(row, values, prompt)

    def build_item(self, row: Row, values: dict[str, Any], prompt: str) -> BuiltItem:
        if not prompt.strip():
            raise BadRow("the prompt is empty.", where=row.where, fix="Correct the template or the row.")
        gold = self.gold(row, values)
        demand_judged(values, self.config, row.where)
        system, cluster, own_id = (optional_text(row, values, name) for name in ("system", "cluster", "id"))
        item = Item(
            # A prompt that is listed with two golds or system messages makes two items.
            id=own_id or text_digest(json.dumps([prompt, system, gold]))[:16],
            prompt=prompt,
            gold=gold,
            system=self.config.system if system is None else system,
            cluster_id=cluster or "",
            metadata={
                name: plain_json(value)
                for name, value in values.items()
                if name not in NOT_METADATA and value is not None
            },
            split_key=self.split_key(values, prompt),
        )
        brings_solution = values.get("solution") is not None and self.config.solution == "{{ gold }}"
        template = "{{ solution }}" if brings_solution else self.config.solution
        solution = render(template, {**values, "gold": gold}, where=row.where)
        refuse_surrogates(row, item, solution)
        return BuiltItem(item, solution, row.where)

    def gold(self, row: Row, values: Mapping[str, Any]) -> str:
        value = values.get("gold")
        if value is None and self.config.verifier.kind == "criteria_judge":
            return NO_REFERENCE  # the judge scores by the item's criteria and needs no gold
        text = written(value)
        if text is not None and text.strip():
            return text.strip()
        if value is None:
            what = "is null." if "gold" in values else "is not mapped."
        else:
            what = "is empty." if text is not None else f"should be text or a number. Found {value!r}."
        raise BadRow(
            f"`gold` {what}",
            where=row.where,
            fix=f"Map it under domains.{self.config.name}.fields.gold, or correct the row, which has the columns "
            f"{', '.join(row.values)}.",
        )

    def split_key(self, values: Mapping[str, Any], prompt: str) -> str:
        """Return the key of the row's question, made of its question fields without template and system message."""
        names = [name for name in self.asked if name in values]
        if self.config.split.by == "prompt" or not names:
            return prompt_key(prompt)
        return question_key(values, names)

    @cached_property
    def asked(self) -> frozenset[str]:
        """Return the names of the question fields."""
        options = {"options"} if self.config.options is not None else set()
        return frozenset({*self.source.question_fields(), *self.config.fields, *options} - NOT_ASKED)

    @cached_property
    def _filters(self) -> tuple[list[FilterConfig], list[FilterConfig]]:
        """Return the filters on fields of the row, and the filters on the finished item."""
        made = {"gold", "options"} if self.config.options is not None else set()
        early = [entry for entry in self.config.filters if entry.field in self.fields and entry.field not in made]
        return early, [entry for entry in self.config.filters if entry not in early]


def optional_text(row: Row, values: Mapping[str, Any], name: str) -> str | None:
    """Return an optional field as text, or None if it is missing or blank.

    Raises:
        BadRow: The field is neither text nor a number.
    """
    value = values.get(name)
    text = str(value) if isinstance(value, bool) else written(value)
    if text is None and value is not None:
        raise BadRow(f"`{name}` should be text or a number. Found {value!r}.", where=row.where, fix="Correct the row.")
    return text if text and text.strip() else None


def refuse_surrogates(row: Row, item: Item, solution: str) -> None:
    """Refuse halves of characters (U+D800 to U+DFFF), which tokenizers and files do not accept.

    Raises:
        BadRow: A text of the item has one.
    """
    texts = {"prompt": item.prompt, "gold": item.gold, "system": item.system, "id": item.id, "cluster": item.cluster_id}
    for name, text in (texts | {"solution": solution}).items():
        if any("\ud800" <= character <= "\udfff" for character in text or ""):
            raise BadRow(
                f"`{name}` holds half a character (a lone surrogate).", where=row.where, fix="Correct the row."
            )
