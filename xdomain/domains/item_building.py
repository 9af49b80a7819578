"""From rows to items: map fields, fill the template, filter, drop exact repeats, split, limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xdomain.config.domain import DomainConfig, FieldConfig
from xdomain.core.errors import DataError
from xdomain.domains.base import Item, Split
from xdomain.domains.item_fields import passes, read_field, read_options
from xdomain.domains.sources.base import Part, Row, Source
from xdomain.domains.splits import prompt_key, split_of
from xdomain.domains.templates import render

NOT_METADATA = frozenset({"gold", "id", "cluster", "question", "solution"})
"""Fields with a place of their own in an item, or of use to templates alone."""


NO_REFERENCE = ""
"""The gold of an item that has no right answer written down."""


@dataclass(frozen=True)
class BuiltItem:
    """An item with what is known of it besides.

    Attributes:
        key: sha256 of its normalised prompt.
        solution: a right completion.
        where: place of its row.
    """

    item: Item
    key: str
    solution: str
    where: str


def part_of(split: Split, parts: tuple[Part, ...]) -> Part | None:
    """The part of the source that holds a split; None where the source has nothing for it."""
    if "pool" in parts:
        return "pool"
    if split is Split.DEV and "dev" not in parts:
        return "train" if "train" in parts else None
    return split.value if split.value in parts else None


def build_part(config: DomainConfig, source: Source, part: Part) -> dict[Split, list[BuiltItem]]:
    """The splits that lie in one part of a source. A pool, or a train part without dev, is divided by prompt hash.

    Raises:
        DataError: a row lacks a column, a gold is not text, every row was filtered away.
    """
    fields = {**source.fields(), **config.fields}
    splits: dict[Split, list[BuiltItem]] = {split: [] for split in Split if part_of(split, source.parts()) == part}
    seen: set[tuple[str, str]] = set()
    for built in built_rows(config, fields, source.rows(part)):
        # A row that repeats both prompt and gold adds nothing; one prompt with two golds is for `check` to tell.
        if (built.key, built.item.gold) in seen:
            continue
        seen.add((built.key, built.item.gold))
        splits[place(config, splits, built.key)].append(built)
    if not seen:
        raise DataError(
            f"no row of {part} is left after filters.",
            where=f"domains.{config.name}",
            fix="Loosen `filters`, or check the source.",
        )
    return {split: with_distinct_ids(entries, limit_of(config, split)) for split, entries in splits.items()}


def place(config: DomainConfig, splits: Iterable[Split], key: str) -> Split:
    """Which of the splits that share a part a prompt belongs to."""
    shared = tuple(splits)
    if len(shared) == 1:
        return shared[0]
    return split_of(key, dev=config.split.dev, test=config.split.test if Split.TEST in shared else 0.0)


def limit_of(config: DomainConfig, split: Split) -> int | None:
    limit: int | None = getattr(config.limit, split.value)
    return limit


def with_distinct_ids(entries: list[BuiltItem], limit: int | None) -> list[BuiltItem]:
    """The first `limit` entries; an id that stands twice is an error, for items are paired by it.

    Raises:
        DataError: two rows share an id.
    """
    kept: dict[str, BuiltItem] = {}
    for entry in entries[:limit]:
        if entry.item.id in kept:
            raise DataError(
                f'the id "{entry.item.id}" stands twice, first at {kept[entry.item.id].where}.',
                where=entry.where,
                fix="Name a column of distinct ids under `fields.id`, or leave it out: prompts then make the ids.",
            )
        kept[entry.item.id] = entry
    return list(kept.values())


def built_rows(config: DomainConfig, fields: Mapping[str, FieldConfig], rows: Iterable[Row]) -> Iterator[BuiltItem]:
    """Rows as items, those that the filters turn away left out."""
    for row in rows:
        values = {name: read_field(row, field) for name, field in fields.items()}
        if config.options is not None:
            values |= read_options(row, config.options)
        prompt = render(config.template, values, where=row.where)
        if all(passes(entry, {**values, "prompt": prompt}, row.where) for entry in config.filters):
            yield build_one(config, row, values, prompt)


def build_one(config: DomainConfig, row: Row, values: dict[str, Any], prompt: str) -> BuiltItem:
    gold = values.get("gold")
    if gold is None and config.verifier.kind == "criteria_judge":
        gold = NO_REFERENCE  # the judge scores by the item's criteria, there is nothing to compare with
    elif not isinstance(gold, str) or not gold.strip():
        raise DataError(
            f"`gold` should be text. Found {gold!r}.",
            where=row.where,
            fix=f"Map it under domains.{config.name}.fields.gold (a `pattern` such as '.+' turns a number into text); "
            f"the row has the columns {', '.join(row.values)}.",
        )
    if not prompt.strip():
        raise DataError("the prompt is empty.", where=row.where, fix="Correct the template or the row.")
    key = prompt_key(prompt)
    # A prompt that stands there with two golds makes two items, so the gold is part of the id.
    identifier = str(values["id"]) if "id" in values else prompt_key(f"{key}\n{gold}")[:16]
    item = Item(
        id=identifier,
        prompt=prompt,
        gold=gold.strip(),
        system=config.system if "system" not in values else str(values["system"]),
        cluster_id=str(values.get("cluster", "")),
        metadata={name: value for name, value in values.items() if name not in NOT_METADATA},
    )
    brings_solution = "solution" in values and config.solution == "{{ gold }}"
    template = "{{ solution }}" if brings_solution else config.solution
    return BuiltItem(item, key, render(template, {**values, "gold": item.gold}, where=row.where), row.where)
