"""Scores or edits of each layer as a picture: one row per stage and domain, one column per layer and part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from xdomain.analysis.result import Diagnoses
from xdomain.core.number_text import decimals
from xdomain.diagnosis.modules import Module
from xdomain.report.causes import block_edits, block_order, block_scores
from xdomain.report.curves import LETTER_WIDTH, cut


class MapLayout(NamedTuple):
    """Layout of a picture. Text is 11 units high.

    Attributes:
        left: Space for the names of rows.
        top: Space for the names of parts and layers.
        row: Height of a row.
        widest: Largest width of a square.
        gap: Distance between two parts.
        tick_gap: Smallest distance of the layers' numbers.
    """

    width: float = 860
    left: float = 250
    top: float = 34
    row: float = 18
    widest: float = 30
    gap: float = 16
    tick_gap: float = 18


LAYOUT = MapLayout()


@dataclass(frozen=True)
class Square:
    """One module of one row.

    Attributes:
        tone: "gain", "loss" or "size".
        shade: Strength of the colour in percent.
    """

    x: float
    y: float
    tone: str
    shade: int
    text: str


@dataclass(frozen=True)
class ModuleMap:
    """A picture.

    Attributes:
        limit: Value of the full colour, as text.
        cell: Width of a square.
        rows: Y, shortened name and full name of each row.
        parts: X and name of each part of a layer.
        layers: X and number of some layers.
    """

    title: str
    limit: str
    cell: float
    squares: tuple[Square, ...]
    rows: tuple[tuple[float, str, str], ...]
    parts: tuple[tuple[float, str], ...]
    layers: tuple[tuple[float, str], ...]

    @property
    def height(self) -> float:
        return LAYOUT.top + LAYOUT.row * len(self.rows) + 4


def module_maps(found: Diagnoses) -> list[ModuleMap]:
    """Return the picture of scores, and that of edits, without empty ones."""
    titles = {
        "Scores by block, nats per completion (negative: damage)": block_scores(found),
        "Edits by block: length of the change relative to the parent's weights": block_edits(found),
    }
    return [_picture(title, rows) for title, rows in titles.items() if any(rows.values())]


def _picture(title: str, rows: Mapping[str, Mapping[Module, float]]) -> ModuleMap:
    modules = block_order(rows)
    parts = list(dict.fromkeys(module.part for module in modules))
    cell = min(LAYOUT.widest, (LAYOUT.width - LAYOUT.left - LAYOUT.gap * (len(parts) - 1)) / len(modules))
    x = {
        module: round(LAYOUT.left + cell * number + LAYOUT.gap * parts.index(module.part), 1)
        for number, module in enumerate(modules)
    }
    values = [value for row in rows.values() for value in row.values()]
    limit = max(map(abs, values)) or 1.0
    signed = min(values) < 0
    every = int(-(-LAYOUT.tick_gap // cell))
    return ModuleMap(
        title=title,
        limit=_text(limit, signed=False),
        cell=round(cell, 1),
        squares=tuple(
            Square(
                x[module],
                LAYOUT.top + LAYOUT.row * number,
                ("loss" if value < 0 else "gain") if signed else "size",
                round(100 * abs(value) / limit),
                f"{name}, {module.label}: {_text(value, signed=signed)}",
            )
            for number, (name, row) in enumerate(rows.items())
            for module, value in row.items()
        ),
        rows=tuple(
            (LAYOUT.top + LAYOUT.row * number, cut(name, int(LAYOUT.left / LETTER_WIDTH)), name)
            for number, name in enumerate(rows)
        ),
        parts=tuple((x[next(module for module in modules if module.part == part)], part) for part in parts),
        layers=tuple(
            (round(x[module] + cell / 2, 1), str(module.layer))
            for module in modules
            if (module.layer or 0) % every == 0
        ),
    )


def _text(value: float, *, signed: bool) -> str:
    return decimals(value, 4, sign=signed)
