"""The accuracy table as text: each accuracy with chance, malformed and truncated shares, and length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdomain.analysis.result import AccuracyMatrix, AnswerShape, Cell
from xdomain.report.footnotes import footnotes
from xdomain.report.numbers import estimate_text, interval_text, share_text

ANSWER_KEY = {
    "w": "wrong in the right form",
    "m": "malformed",
    "t": "truncated (counted wrong)",
    "l": "mean length in tokens",
}
"""Meaning of each letter of `answer_text`. Shares are shares of all samples."""


@dataclass(frozen=True)
class AccuracyView:
    """The texts that show one accuracy."""

    value: str
    interval: str
    beside: tuple[str, ...]
    """Texts such as "4% malformed" and "2% truncated"; a share that was not recorded is left out."""
    against_chance: str
    """ "below chance", "at chance" (the interval contains chance) or empty.

    It is read from the interval; it is not a test.
    """
    note: str
    mark: str
    """Footnote mark of the caveat."""


def accuracy_rows(accuracy: AccuracyMatrix) -> list[tuple[str, list[AccuracyView | None]]]:
    """Return one row per run with one view per domain; a view is None if the cell is not defined."""
    marks = footnotes(accuracy)
    return [(row, [_view(accuracy, row, domain, marks) for domain in accuracy.columns]) for row in accuracy.rows]


def _view(accuracy: AccuracyMatrix, row: str, domain: str, marks: Mapping[str, str]) -> AccuracyView | None:
    cell = accuracy.cell(row, domain)
    if cell is None:
        return None
    return AccuracyView(
        value=estimate_text("fraction", cell.estimate, signed=False),
        interval=interval_text("fraction", cell.low, cell.high),
        beside=_beside(accuracy.answers.get(row, {}).get(domain)),
        against_chance=against_chance(cell, accuracy.chance.get(domain)),
        note=cell.note,
        mark=marks.get(cell.caveat, ""),
    )


def against_chance(cell: Cell, chance: float | None) -> str:
    """Return "below chance" or "at chance", or an empty string if the whole interval is above chance."""
    if chance is None or cell.low is None or cell.high is None or cell.low > chance:
        return ""
    return "below chance" if cell.high < chance else "at chance"


def _beside(shape: AnswerShape | None) -> tuple[str, ...]:
    if shape is None:
        return ()
    shares = {
        "wrong": shape.wrong,
        "malformed": shape.malformed,
        "truncated": shape.truncated,
        "unscored": shape.unscored,
    }
    parts = [f"{share_text(share)} {name}" for name, share in shares.items() if share]
    if shape.mean_tokens is not None:
        parts.append(f"{length_text(shape.mean_tokens)} tokens")
    return tuple(parts)


def answer_text(shape: AnswerShape | None, letters: str) -> str:
    """Return a text such as "m 4%, t 2%, l 7.4" for the letters "mtl" of `ANSWER_KEY`; "?" marks a missing value."""
    if shape is None:
        return ""
    values = {
        "w": share_text(shape.wrong),
        "m": share_text(shape.malformed),
        "t": share_text(shape.truncated),
        "l": length_text(shape.mean_tokens),
    }
    return ", ".join(f"{letter} {values[letter] or '?'}" for letter in letters)


def answer_key(letters: str) -> str:
    """Return a key such as "m = malformed, t = truncated (counted wrong)"."""
    return ", ".join(f"{letter} = {ANSWER_KEY[letter]}" for letter in letters)


def length_text(tokens: float | None) -> str:
    """Return a mean length such as "7.4" or "1,204", or an empty string if none was recorded."""
    return "" if tokens is None else f"{tokens:,.{1 if tokens < 100 else 0}f}"


def chance_text(accuracy: AccuracyMatrix, domain: str) -> str:
    return estimate_text("fraction", accuracy.chance.get(domain), signed=False) or "unknown"
