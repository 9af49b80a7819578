"""Predicted against measured cells as coordinates that the HTML page and the figures draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from xdomain.analysis.result import AnalysisResult, PredictionScore
from xdomain.core.number_text import decimals, points
from xdomain.report.predictions import PLACES, predicted_text, unit_text


class ScatterLayout(NamedTuple):
    """Layout of a picture. Coordinates start at the upper left; text is 11 units high.

    Attributes:
        height: Height without the key below.
        inset: Distance of the outermost points from the edges.
        line: Height of a line of the key.
    """

    width: float = 380
    height: float = 260
    left: float = 48
    right: float = 368
    top: float = 8
    bottom: float = 218
    inset: float = 12
    line: float = 15
    y_title: str = "measured, points"


LAYOUT = ScatterLayout()
TICKS = 2
"""Number of intervals between the ticks of an axis."""


@dataclass(frozen=True)
class ScatterDot:
    """One predicted and measured cell.

    Attributes:
        number: Number of the point in the key, from 1.
        late: Whether it was measured before the prediction was stored.
        text: The pair of domains and both values in words.
    """

    number: int
    x: float
    y: float
    late: bool
    text: str


@dataclass(frozen=True)
class Scatter:
    """The cells of one predictor and matrix.

    Attributes:
        score: Rank correlation and p in words.
        zero_y: Y of no measured effect; None if it is outside.
    """

    title: str
    score: str
    x_title: str
    dots: tuple[ScatterDot, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    zero_y: float | None

    @property
    def height(self) -> float:
        """Height of the picture with its key."""
        return LAYOUT.height + LAYOUT.line * len(self.dots) + 8


def scatters(result: AnalysisResult) -> list[Scatter]:
    """Return one picture per predictor and matrix, without those of fewer than two measured cells."""
    found = [] if result.predictions is None else map(_scatter, result.predictions.scores)
    return [picture for picture in found if picture is not None]


def _scatter(score: PredictionScore) -> Scatter | None:
    cells = [(cell, cell.measured) for cell in score.cells if cell.measured is not None]
    if len(cells) < 2:
        return None
    low_x, high_x = _ends([cell.predicted for cell, _ in cells])
    low_y, high_y = _ends([measured for _, measured in cells])

    def x(value: float) -> float:
        left, right = LAYOUT.left + LAYOUT.inset, LAYOUT.right - LAYOUT.inset
        return round(left + (right - left) * (value - low_x) / (high_x - low_x), 1)

    def y(value: float) -> float:
        top, bottom = LAYOUT.top + LAYOUT.inset, LAYOUT.bottom - LAYOUT.inset
        return round(bottom - (bottom - top) * (value - low_y) / (high_y - low_y), 1)

    def ticks(low: float, high: float) -> list[float]:
        return [low + (high - low) * tick / TICKS for tick in range(TICKS + 1)]

    return Scatter(
        title=f"{score.predictor}: {score.target}",
        score=_words(score),
        x_title=f"predicted, {unit_text(score)}",
        dots=tuple(
            ScatterDot(
                number,
                x(cell.predicted),
                y(measured),
                cell.late,
                f"{PLACES[score.target].format(first=cell.first, second=cell.second)}: predicted "
                f"{predicted_text(score, cell.predicted)}, measured {points(measured, sign=True)}"
                f"{' (late)' if cell.late else ''}",
            )
            for number, (cell, measured) in enumerate(cells, 1)
        ),
        x_ticks=tuple((x(value), predicted_text(score, value)) for value in ticks(low_x, high_x)),
        y_ticks=tuple((y(value), points(value, sign=True)) for value in ticks(low_y, high_y)),
        zero_y=y(0.0) if low_y <= 0 <= high_y else None,
    )


def _ends(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.0 if high > low else abs(low) / 2 or 0.5
    return low - margin, high + margin


def _words(score: PredictionScore) -> str:
    if score.rank_correlation is None:
        return score.note
    p = "" if score.p is None else f", p {decimals(score.p, 3)}"
    return f"rank correlation {decimals(score.rank_correlation, 2)}{p}, {score.n_cells} cells"
