"""Declared contrasts as text, each in the unit of its quantity."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.analysis.quantities import address_of
from xdomain.analysis.result import AnalysisResult, Unit
from xdomain.config.analysis import Quantity
from xdomain.report.cell_view import State, cell_state
from xdomain.report.effort import spent_by_sides
from xdomain.report.layout import equivalent_words
from xdomain.report.numbers import UNIT_WORDS, estimate_text, interval_text, p_text


@dataclass(frozen=True)
class ContrastView:
    """The texts that show one declared contrast."""

    contrast: str
    value: str
    """Estimate with its unit, such as "+8.0 percentage points"."""
    interval: str
    p: str
    p_adjusted: str
    steps: str
    """Optimizer steps of both sides."""
    finding: str
    state: State


def contrast_views(result: AnalysisResult) -> list[ContrastView]:
    """Return all declared contrasts in the order of the experiment file."""
    views = []
    for declared in result.contrasts:
        cell, unit = declared.cell, contrast_unit(result, declared.contrast)
        estimate = estimate_text(unit, cell.estimate)
        within = equivalent_words(result.meta.margin) if cell.equivalent and result.meta.margin else ""
        views.append(
            ContrastView(
                contrast=str(declared.contrast),
                value=f"{estimate} {UNIT_WORDS[unit]}" if estimate else "",
                interval=interval_text(unit, cell.low, cell.high),
                p=p_text(cell.p),
                p_adjusted=p_text(cell.p_adjusted),
                steps=spent_by_sides(result.effort, cell.compares)[0],
                finding="; ".join(filter(None, [cell.word or cell.note or "not tested", within, cell.caveat])),
                state=cell_state(cell),
            )
        )
    return views


def contrast_unit(result: AnalysisResult, contrast: Quantity) -> Unit:
    """Return the unit of the matrix that a contrast names; sequence metrics and means are fractions."""
    name, _ = address_of(contrast)
    return result.matrices[name].unit if name in result.matrices else "fraction"
