"""The prompts that a stage trains on, as its `schedule.jsonl` tells them, and items that are among them.

One JSON object per prompt, in the order of training: `domain`, `index` and `item` (its place and id among the domain's
train items at that time), and `key`, by which it is recognised after templates, ids or splits have changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from xdomain.domains.base import Item
from xdomain.domains.splits import split_key

SCHEDULE = "schedule.jsonl"
KEY_DIGITS = 16
"""Hex digits of an item's key that a schedule keeps: 64 bits tell a million prompts apart."""


def trained_key(item: Item) -> str:
    """Return the key of what an item asks, as schedules hold it."""
    return split_key(item)[:KEY_DIGITS]


def schedule_line(domain: str, index: int, item: Item) -> str:
    """Return the line of one prompt, without its line break."""
    return json.dumps({"domain": domain, "index": index, "item": item.id, "key": trained_key(item)})


def read_schedule(path: Path) -> list[tuple[str, str]]:
    """Return domain and key of every prompt in the order of training."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [(line["domain"], line["key"]) for line in lines]


def items_trained_on(items: Iterable[Item], keys: Collection[str]) -> list[Item]:
    """Return the items whose key is among `keys`."""
    return [item for item in items if trained_key(item) in keys]
