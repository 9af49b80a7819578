"""Cache of items that a server process builds once for all workers that are forked from it."""

from __future__ import annotations

from xdomain.config.domain import DomainConfig
from xdomain.domains.item_building import BuiltPart, build_part
from xdomain.domains.sources.base import Part, Source

FORK_SAFE_SOURCES = ("procedural", "jsonl", "json", "csv")
"""Kinds of source that start no threads when they are read. Threads would be missing after a fork."""


class ItemCache:
    """A cache of built parts of sources, by the domain's description.

    Use it only in a process of one session, since a file that changes later is not read again.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[str, Part], BuiltPart] = {}

    def fill(self, config: DomainConfig, source: Source) -> None:
        """Build all parts of a source, unless reading it would start threads."""
        if config.source.kind in FORK_SAFE_SOURCES:
            for part in source.parts():
                self._parts[config.model_dump_json(), part] = build_part(config, source, part)

    def part(self, config: DomainConfig, source: Source, part: Part) -> BuiltPart:
        """Return the part of the source that was built for the same description, or otherwise a new one."""
        if not self._parts:
            return build_part(config, source, part)
        found = self._parts.get((config.model_dump_json(), part))
        return build_part(config, source, part) if found is None else found


PROCESS_ITEMS = ItemCache()
"""The cache of this process and its forks. Only the forkserver fills it, before it forks."""
