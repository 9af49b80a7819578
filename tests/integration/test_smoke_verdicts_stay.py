"""The smoke grid's completions of before the repairs keep their verdicts: other forms of answers were repaired."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.build import build_domain

VERDICTS = Path(__file__).parents[1] / "fixtures" / "smoke_at_32abe3e" / "verdicts.parquet"


@pytest.mark.parametrize("name", ["math", "logic", "puzzle"])
def test_verdicts_stay(name: str) -> None:
    rows = pd.read_parquet(VERDICTS)
    rows = rows[(rows["domain"] == name) & (rows["reason"] != "truncated")]  # judged without a look
    assert len(rows) > 500
    items = [Item(id=str(number), prompt="", gold=gold) for number, gold in enumerate(rows["gold"])]
    domain = build_domain(name)
    found = [verdict.outcome for verdict in domain.score(items, list(rows["completion"]))]
    changed = [
        (gold, completion, before, now)
        for gold, completion, before, now in zip(rows["gold"], rows["completion"], rows["outcome"], found, strict=True)
        if Outcome(before) is not now
    ]
    assert not changed, f"{len(changed)} of {len(rows)}: {changed[:5]}"
