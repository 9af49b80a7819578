"""Read the prompts that a stage trains on from its `schedule.jsonl`, and find the items that are among them.

The file holds one JSON object per prompt, in the order of training. `domain`, `index` and `item` are the domain and the
item's index and id among its train items at that time. `keys` still match after templates, ids or splits have changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from xdomain.core.json_text import parse_json
from xdomain.domains.base import Item
from xdomain.domains.splits import prompt_key, split_key

SCHEDULE = "schedule.jsonl"
KEY_DIGITS = 16
"""Number of hex digits of a key that a schedule keeps. These 64 bits distinguish a million prompts."""


def trained_keys(item: Item) -> list[str]:
    """Return the keys of an item as schedules hold them: the split key, and the prompt's key if it differs."""
    return list(dict.fromkeys(key[:KEY_DIGITS] for key in (split_key(item), prompt_key(item.prompt))))


def schedule_line(domain: str, index: int, item: Item) -> str:
    """Return the line of one prompt, without its line break."""
    return json.dumps({"domain": domain, "index": index, "item": item.id, "keys": trained_keys(item)})


def read_schedule(path: Path) -> list[tuple[str, list[str]]]:
    """Return domain and keys of every prompt in the order of training.

    Raises:
        ValueError: A line is not that of a schedule.
    """
    return [_prompt(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _prompt(line: str) -> tuple[str, list[str]]:
    found = parse_json(line)
    if isinstance(found, dict) and isinstance(found.get("domain"), str) and isinstance(keys := found.get("keys"), list):
        return found["domain"], list(map(str, keys))
    raise ValueError("a line names no domain or no keys")


def items_trained_on(items: Iterable[Item], keys: Collection[str]) -> list[Item]:
    """Return the items that have one of `keys`."""
    return [item for item in items if any(key in keys for key in trained_keys(item))]
