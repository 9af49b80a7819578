"""A published study for the terminal: which of its effects stand beyond noise, and where it contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table

from xdomain.analysis.result import Cell
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.terminal import NOISE, text

if TYPE_CHECKING:
    # The module computes, and so loads numpy; the report only shows what it found.
    from xdomain.analysis.reference import PublishedEffect

COLUMNS = ("effect", "error, any pairing", "error, independent", "items", "stands", "undone by SD")
EXPLANATION = (
    "Only aggregates are published, so paired errors are bounded, not known. Points; an effect stands where it exceeds "
    "1.96 standard errors. The last column is the standard deviation of one run between seeds at which it would not."
)


def published_tables(
    source: str,
    effects: Sequence[PublishedEffect],
    contradictions: Sequence[str],
    own: Mapping[str, Cell] | None = None,
) -> list[RenderableType]:
    """Every published effect with its bounds, how many stand, and where the study contradicts itself.

    Args:
        source: of the study, `Reference.table.source`.
        effects: from `analysis.reference.published_effects`.
        contradictions: from `analysis.reference.inconsistencies`.
        own: cells of one's own result by the name of the effect, shown beside it.
    """
    table = Table(title=text("Published effects", "bold"), title_justify="left")
    table.add_column("quantity", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    if own:
        table.add_column("own result", justify="right", no_wrap=True)
    for effect in effects:
        cells: tuple[str, ...] = (
            estimate_text("fraction", effect.effect),
            estimate_text("fraction", effect.error_any_pairing, signed=False),
            estimate_text("fraction", effect.error_independent, signed=False),
            f"{effect.n_items:,}",
            effect.stands,
            estimate_text("fraction", effect.seed_sd_to_undo, signed=False),
        )
        if own:
            cells = (*cells, _own_text(own.get(effect.name)))
        style = NOISE if effect.stands == "not beyond noise" else "bold"
        table.add_row(text(effect.name, style), *(text(cell, style) for cell in cells))
    counts = Counter(effect.stands for effect in effects)
    summary = "; ".join(f"{number} of {len(effects)} {standing}" for standing, number in counts.items())
    parts: list[RenderableType] = [Rule(text(source)), text(EXPLANATION), table, text(f"{summary}.")]
    if contradictions:
        parts.append(text("What the study contradicts in itself:", "bold"))
        parts += [text(f"- {line}") for line in contradictions]
    return parts


def _own_text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    limits = interval_text("fraction", cell.low, cell.high)
    return f"{estimate_text('fraction', cell.estimate)} {limits}".strip()
