"""Transfer and its two families."""

from __future__ import annotations

from tests.support.cells import close


def test_it_is_the_change_of_a_single_from_the_base(result, level):
    for a in ("math", "science", "logic"):
        for d in ("math", "science", "logic"):
            assert close(result.matrices["transfer"].cell(a, d), level(a, d) - level("base", d))


def test_a_domain_on_itself_is_adjusted_apart(result):
    cells = result.matrices["transfer"].cells
    own, others = [], []
    for row, columns in cells.items():
        for column, cell in columns.items():
            (own if row == column else others).append(cell)
    for family in (own, others):
        largest = max(cell.p for cell in family)
        assert max(cell.p_adjusted for cell in family) == largest  # Benjamini-Hochberg leaves the largest p as it is
