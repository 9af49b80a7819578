"""The sentence that counts rows that were left out."""

from __future__ import annotations

from xdomain.domains.bad_rows import BadRow, count_left_out


def test_no_bad_row_needs_no_sentence() -> None:
    assert count_left_out(10, []) is None


def test_the_most_common_reasons_are_named() -> None:
    bad = [
        BadRow(f"`gold` is {word}. Found 3.", where=f"/x/rows.jsonl:{n}") for n, word in enumerate("aaabbcd", start=1)
    ]
    assert count_left_out(1000, bad) == (
        "7 of 1,000 rows were left out: `gold` is a (3, the first at rows.jsonl:1); `gold` is b (2, the first at "
        "rows.jsonl:4); `gold` is c (1, the first at rows.jsonl:6); other reasons (1)."
    )
    assert str(count_left_out(2, bad[:1])).startswith("1 of 2 rows was left out")
