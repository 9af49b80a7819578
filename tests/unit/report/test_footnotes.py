"""Marks of caveats."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.analysis.result import Cell
from xdomain.report.footnotes import footnotes


def test_equal_caveats_share_a_mark_in_reading_order() -> None:
    matrix = example_result(2, 1).matrices["transfer"]
    columns = tuple(f"c{number}" for number in range(30))
    cells = {"r": {name: Cell(estimate=0.1, caveat=f"caveat {min(place, 27)}") for place, name in enumerate(columns)}}
    found = footnotes(matrix.model_copy(update={"rows": ("r",), "columns": columns, "cells": cells}))
    assert list(found.values())[:3] == ["a", "b", "c"]
    assert list(found.values())[25:] == ["z", "a1", "b1"]
    assert footnotes(matrix.model_copy(update={"rows": (), "cells": {}})) == {}
