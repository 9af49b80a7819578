"""Cells against numbers that a test computed itself."""

from __future__ import annotations

import pytest

from xdomain.analysis.result import Cell


def close(cell: Cell | None, expected: float) -> bool:
    """Whether the estimate is the expected number, inside its interval."""
    assert cell is not None
    assert cell.estimate is not None
    if cell.low is not None and cell.high is not None and "simultaneous" not in cell.note:
        assert cell.low <= cell.estimate <= cell.high
    return cell.estimate == pytest.approx(expected, abs=1e-12)
