"""Colours and dashes of figures, read from the HTML page's style sheet (light mode)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

N_SERIES = 8
"""Number of domains with a distinct colour; after them the colours repeat."""


@dataclass(frozen=True)
class Palette:
    """Colours as "#rrggbb".

    Attributes:
        named: Colours of the style sheet, keyed by the name of their variable.
        dashes: Lengths of stroke and gap of each series, keyed by its 1-based number; empty for a solid line.
    """

    named: Mapping[str, str]
    dashes: Mapping[int, tuple[float, ...]]

    def series(self, number: int) -> str:
        """Return the colour of the series with this 1-based number."""
        return self.named[f"d{number}"]


def page_palette() -> Palette:
    """Read the palette from the page's style sheet."""
    style = files("xdomain.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    light = style[: style.index("@media (prefers-color-scheme: dark)")]
    dashed = {
        int(number): tuple(map(float, lengths.split()))
        for number, lengths in re.findall(r"\.line\.d(\d) \{ stroke-dasharray: ([\d ]+);", style)
    }
    return Palette(
        named=dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", light)),
        dashes={number: dashed.get(number, ()) for number in range(1, N_SERIES + 1)},
    )
