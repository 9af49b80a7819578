"""Items that a server process built once, for every worker that is forked from it."""

from __future__ import annotations

from xdomain.config.domain import DomainConfig
from xdomain.domains.item_building import BuiltPart, build_part
from xdomain.domains.sources.base import Part, Source

FORK_SAFE_SOURCES = ("procedural", "jsonl", "json", "csv")
"""Kinds of source that start no threads when they are read: a fork would not have them."""

_kept: dict[tuple[str, Part], BuiltPart] = {}


def items_of_part(config: DomainConfig, source: Source, part: Part) -> BuiltPart:
    """The splits in a part of the source: those kept for this very description, else built now."""
    found = _kept.get((config.model_dump_json(), part))
    return build_part(config, source, part) if found is None else found


def keep_items(config: DomainConfig, source: Source) -> None:
    """Build all parts of a source, and hand them out to every later domain of the same description.

    Only for a process that lives as long as one run: a file that changes later is not read again.
    """
    if config.source.kind in FORK_SAFE_SOURCES:
        for part in source.parts():
            _kept[config.model_dump_json(), part] = build_part(config, source, part)
