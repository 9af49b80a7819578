"""Accuracies with what stands beside them: chance, malformed and truncated shares, length."""

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
"""The letters of `answer_text`; a share is of all samples."""


@dataclass(frozen=True)
class AccuracyView:
    """One accuracy as text."""

    value: str
    interval: str
    beside: tuple[str, ...]
    """ "4% malformed", "2% truncated"; what is not recorded is left out."""
    against_chance: str
    """ "below chance", "at chance" (inside the interval) or empty; read from the interval, no test of its own."""
    note: str
    mark: str
    """Of the caveat's footnote."""


def accuracy_rows(accuracy: AccuracyMatrix) -> list[tuple[str, list[AccuracyView | None]]]:
    """One row a run, one view a domain; None where the cell is not defined."""
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
    """Where the interval lies against the accuracy of guessing; nothing is said of an accuracy above it."""
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
    """ "m 4%, t 2%, l 7.4" for the letters "mtl" of `ANSWER_KEY`; a question mark where nothing was recorded."""
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
    """ "m = malformed, t = truncated (counted wrong)"."""
    return ", ".join(f"{letter} = {ANSWER_KEY[letter]}" for letter in letters)


def length_text(tokens: float | None) -> str:
    """ "7.4", "1,204"; empty where not recorded."""
    return "" if tokens is None else f"{tokens:,.{1 if tokens < 100 else 0}f}"


def chance_text(accuracy: AccuracyMatrix, domain: str) -> str:
    return estimate_text("fraction", accuracy.chance.get(domain), signed=False) or "unknown"
