"""Footnotes of a table: marks on numbers whose interval may cover less than it seems to, and their caveats."""

from __future__ import annotations

from string import ascii_lowercase

from xdomain.analysis.result import Matrix


def footnotes(matrix: Matrix) -> dict[str, str]:
    """Return the mark of each caveat, "a", "b", ... "z", "a1", ..., in reading order."""
    cells = (matrix.cell(row, column) for row in matrix.rows for column in matrix.columns)
    caveats = dict.fromkeys(cell.caveat for cell in cells if cell is not None and cell.caveat)
    return {caveat: _mark(number) for number, caveat in enumerate(caveats)}


def _mark(number: int) -> str:
    rounds, letter = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[letter] + (str(rounds) if rounds else "")
