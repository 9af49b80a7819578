"""Contrasts that the experiment declared."""

from __future__ import annotations

from dataclasses import replace

from xdomain.analysis.analyse import analyse
from xdomain.config.analysis import parse_quantity


def test_each_contrast_is_found_and_adjusted_or_says_why_not(grid, result):
    texts = (
        "order(science, math) on science",
        "retention(science -> math)",
        "bwt(a -> nope)",
    )
    declared = analyse(replace(grid, contrasts=tuple(map(parse_quantity, texts)))).contrasts
    order = result.matrices["order_effect"].cell("math, science", "science")
    assert declared[0].cell.estimate == -order.estimate
    assert declared[0].cell.p_adjusted >= declared[0].cell.p
    assert declared[2].cell.estimate is None
    assert "a -> nope" in declared[2].cell.note
