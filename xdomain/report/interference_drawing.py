"""Draw causes, cures and predictions of interference with matplotlib, as the HTML page lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdomain.report import attribution_bars, module_map, prediction_scatter, recovery_picture
from xdomain.report.attribution_bars import BarChart
from xdomain.report.drawing import PALETTE, SMALL, canvas, label, series_stroke, tone_colour
from xdomain.report.module_map import ModuleMap
from xdomain.report.prediction_scatter import Scatter
from xdomain.report.recovery_picture import RecoveryPicture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 13
"""Height of a line of text below a picture."""
DOTTED: dict[str, Any] = {"color": PALETTE.named["faint"], "linewidth": 0.6, "linestyle": ":"}


def bars_figure(chart: BarChart, caption: str) -> Figure:
    """Draw an attribution as bars, with a ring at the score that a reset of this module gives."""
    layout = attribution_bars.LAYOUT
    figure, axes = canvas(layout.width, chart.height, chart.title)
    axes.plot([chart.zero_x, chart.zero_x], [layout.top, chart.height], color=PALETTE.named["line"], linewidth=0.6)
    for bar in chart.bars:
        middle = bar.y + layout.row / 2
        axes.barh(middle, bar.width, layout.row - 6, left=bar.x, color=PALETTE.named[bar.tone])
        axes.text(0, middle, label(bar.label), va="center", **SMALL)
        axes.text(layout.width, middle, bar.value, ha="right", va="center", **SMALL)
        if bar.reset_x is not None:
            axes.plot([bar.reset_x], [middle], marker="o", markersize=4, fillstyle="none", color=PALETTE.named["ink"])
    _below(axes, chart.height, [chart.check, caption])
    return figure


def map_figure(picture: ModuleMap, caption: str) -> Figure:
    """Draw the scores or edits of each layer: one row per stage and domain, one column per layer and part."""
    layout = module_map.LAYOUT
    figure, axes = canvas(layout.width, picture.height, picture.title)
    for square in picture.squares:
        colour, edge = tone_colour(square.tone, square.shade), PALETTE.named["ground"]
        middle = square.y + layout.row / 2
        axes.barh(middle, picture.cell, layout.row, left=square.x, color=colour, edgecolor=edge, linewidth=0.5)
    for y, _, name in picture.rows:
        axes.text(layout.left - 8, y + layout.row / 2, label(name), ha="right", va="center", **SMALL)
    for x, name in picture.parts:
        axes.text(x, 11, label(name), **SMALL)
    for x, number in picture.layers:
        axes.text(x, layout.top - 5, number, ha="center", **SMALL)
    _below(axes, picture.height, [f"full colour at {picture.limit}", caption])
    return figure


def recovery_figure(picture: RecoveryPicture, caption: str) -> Figure:
    """Draw recovered damage against kept skill, one line per kind of repair."""
    layout = recovery_picture.LAYOUT
    figure, axes = canvas(layout.width, layout.height, picture.title)
    _axes(axes, layout, picture.x_ticks, picture.y_ticks, ("kept skill, percent", "recovered damage, percent"))
    axes.plot([layout.left, layout.right], [picture.full[1]] * 2, **DOTTED)
    axes.plot([picture.full[0]] * 2, [layout.top, layout.bottom], **DOTTED)
    for line in picture.lines:
        drawn = series_stroke(line.colour)
        doses = line.doses
        name = label(line.repair)
        axes.plot([dose.x for dose in doses], [dose.y for dose in doses], marker="o", markersize=3, label=name, **drawn)
        for dose in doses:
            axes.text(dose.x + 5, dose.y - 4, label(dose.label), fontsize=7, color=drawn["color"])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, fontsize=7)
    _below(axes, layout.height + 2 * LINE, [caption])
    return figure


def scatter_figure(picture: Scatter, caption: str) -> Figure:
    """Draw predicted against measured cells; rings are cells that were measured before."""
    layout = prediction_scatter.LAYOUT
    figure, axes = canvas(layout.width, picture.height, picture.title)
    _axes(axes, layout, picture.x_ticks, picture.y_ticks, (picture.x_title, layout.y_title))
    if picture.zero_y is not None:
        axes.plot([layout.left, layout.right], [picture.zero_y] * 2, **DOTTED)
    for dot in picture.dots:
        style = "none" if dot.late else "full"
        axes.plot([dot.x], [dot.y], marker="o", markersize=4, fillstyle=style, color=PALETTE.series(1))
        axes.text(dot.x + 5, dot.y - 4, str(dot.number), **SMALL)
        axes.text(4, layout.height + layout.line * dot.number, label(f"{dot.number}  {dot.text}"), **SMALL)
    _below(axes, picture.height, [picture.score, caption])
    return figure


def _axes(
    axes: Axes,
    layout: recovery_picture.RecoveryLayout | prediction_scatter.ScatterLayout,
    x_ticks: tuple[tuple[float, str], ...],
    y_ticks: tuple[tuple[float, str], ...],
    titles: tuple[str, str],
) -> None:
    for y, text in y_ticks:
        axes.plot([layout.left, layout.right], [y, y], color=PALETTE.named["line"], linewidth=0.6)
        axes.text(layout.left - 6, y, text, ha="right", va="center", **SMALL)
    for x, text in x_ticks:
        axes.text(x, layout.bottom + 16, text, ha="center", **SMALL)
    axes.text((layout.left + layout.right) / 2, layout.height - 6, label(titles[0]), ha="center", **SMALL)
    axes.text(4, (layout.top + layout.bottom) / 2, label(titles[1]), rotation=90, ha="center", va="center", **SMALL)


def _below(axes: Axes, height: float, texts: list[str]) -> None:
    lines = [label(text) for text in texts if text]
    axes.text(0, height + LINE, "\n".join(lines), va="top", wrap=True, **SMALL)
