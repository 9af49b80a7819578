"""Domains made of rows that a test writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xdomain.config.domain import DomainConfig
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.data_domain import DataDomain


def domain(source: dict[str, Any], **settings: Any) -> DataDomain:
    """The domain "sums" with the columns q and a, judged as text, unless told otherwise."""
    described = {"fields": {"question": "q", "gold": "a"}, "verifier": "text", **settings}
    made = build_domain(DomainConfig.model_validate({"name": "sums", "source": source, **described}))
    assert isinstance(made, DataDomain)
    return made


def items(made: DataDomain) -> list[Item]:
    """The items of all splits."""
    return [item for split in Split for item in made.items(split)]


def write_jsonl(path: Path, rows: Iterable[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)
