"""The table of model families in the docs is the one that the tests check."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.families import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "models.md"


def test_the_page_shows_what_is_tested() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, flags=re.MULTILINE)
    assert rows.pop(0)[0] == "model_type"
    assert rows == [(name, each.evaluation, each.full, each.lora) for name, each in sorted(FAMILIES.items())]
    assert len(rows) >= 12
    reasons = text[text.index("Why a cell is not") : text.index("A family that is not listed")]
    unusual = {name for name, *cells in rows if set(cells) != {"works"}}
    assert unusual <= set(re.findall(r"`(\w+)`", reasons))
