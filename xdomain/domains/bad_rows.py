"""Rows that cannot become items. Each is refused with an error, or all are left out and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from xdomain.core.errors import DataError

SHOWN = 3
"""Number of reasons that a sentence about left-out rows lists."""


class BadRow(DataError):
    """A row that cannot become an item; `on_bad_row: skip` leaves it out. Its reason ends before "Found"."""

    @property
    def reason(self) -> str:
        return self.what.partition(" Found ")[0].rstrip(".")


def count_left_out(rows: int, bad: Iterable[BadRow]) -> str | None:
    """Return a sentence that counts the rows that were left out and gives reasons; None if there are no bad rows.

    An example is "3 of 1,000 rows were left out: `gold` is null (3, the first at rows.jsonl:17).".

    Args:
        rows: Number of rows that were read.
        bad: Rows that cannot become items, in file order.
    """
    bad = list(bad)
    if not bad:
        return None
    first: dict[str, str] = {}
    for row in bad:
        first.setdefault(row.reason, Path(row.where or "").name)
    common = Counter(row.reason for row in bad).most_common()
    parts = [f"{reason} ({count:,}, the first at {first[reason]})" for reason, count in common[:SHOWN]]
    rest = sum(count for _, count in common[SHOWN:])
    parts += [f"other reasons ({rest:,})"] if rest else []
    return f"{len(bad):,} of {rows:,} rows {'was' if len(bad) == 1 else 'were'} left out: {'; '.join(parts)}."
