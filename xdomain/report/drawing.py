"""Draw laid-out heat maps and curves with matplotlib, an optional dependency that is imported on first use."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.core.files import write_atomic
from xdomain.core.foreign_text import plain
from xdomain.report.cell_view import CellView
from xdomain.report.cost_picture import COST_BOX, CostPicture
from xdomain.report.curves import FRAME, HEIGHT, WIDTH, X_TITLE, Y_TITLE, AlarmMark, Panel
from xdomain.report.heatmap import HeatMap, Picture
from xdomain.report.palette import N_SERIES, page_palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = page_palette()
PAPER = PALETTE.named["cell"]
SMALL: dict[str, Any] = {"fontsize": 7, "color": PALETTE.named["soft"]}
"""Properties of small text."""
PHASE_SHADES = ("#ffffff", "#f4f4f4")
PANELS_A_ROW = 3
UNITS_AN_INCH = 105
"""Units of a panel's layout per inch. Text is 11 units high, which is 7 to 8 points."""
TITLE_UNITS = 40
LINE_UNITS = 1.8
UNDATED: dict[str, dict[str, str | None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""Metadata that leaves the date out of the formats that hold one."""


def settings() -> AbstractContextManager[None]:
    """Return a context with the matplotlib settings for drawing and saving the figures."""
    import matplotlib as mpl

    return mpl.rc_context({"font.size": 9, "svg.hashsalt": "xdomain", "svg.fonttype": "none", "hatch.linewidth": 0.6})


def save(figure: Figure, path: Path, kind: str) -> None:
    """Write a figure as "svg", "png" or "pdf"."""
    buffer = io.BytesIO()
    # With a date in the file, equal results would give different bytes.
    metadata = UNDATED.get(kind)
    figure.savefig(buffer, format=kind, dpi=200, bbox_inches="tight", metadata=metadata)
    write_atomic(path, buffer.getvalue())


def _figure(width_inches: float, height_inches: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches))


def canvas(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    """Return a figure with axes whose coordinates are those of the HTML page's picture, and a title above."""
    figure = _figure(width / UNITS_AN_INCH, height / UNITS_AN_INCH)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    axes.set_title(label(title), loc="left", fontsize=9, fontweight="bold")
    return figure, axes


def heat_figure(drawn: HeatMap, picture: Picture, caption: str) -> Figure:
    """Draw one picture of a heat map."""
    figure = _figure(1.6 + 1.05 * len(picture.columns), 1.0 + 0.46 * len(picture.rows))
    axes = figure.add_subplot()
    for row, (_, views) in enumerate(picture.rows):
        for column, view in enumerate(views):
            if view is not None:
                _draw_cell(axes, row, column, view)
    axes.set_xlim(-0.5, len(picture.columns) - 0.5)
    axes.set_ylim(len(picture.rows) - 0.5, -0.5)
    axes.set_xticks(range(len(picture.columns)), [label(name) for name in picture.columns])
    axes.set_yticks(range(len(picture.rows)), [label(name) for name, _ in picture.rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_ylabel(label(picture.row_meaning), color=PALETTE.named["soft"])
    axes.set_title(label(f"{drawn.matrix.title} ({drawn.unit})"), loc="left", fontweight="bold")
    below = [f"full colour at {drawn.limit}; hatched: no effect shown; [95% interval]"]
    below += [f"({mark}) {text}" for mark, text in drawn.footnotes]
    axes.set_xlabel("\n".join([*map(label, below), label(caption, keep_lines=True)]), color=PALETTE.named["soft"])
    return figure


def _draw_cell(axes: Axes, row: int, column: int, cell: CellView) -> None:
    noise = cell.state == "noise"
    axes.bar(
        column,
        0.92,
        0.96,
        bottom=row - 0.46,
        facecolor=tone_colour(cell.tone, cell.shade),
        edgecolor=PALETTE.named["line"],
        linewidth=0.5,
        hatch="////" if noise else None,
    )
    ink = PALETTE.named["soft"] if noise else PALETTE.named["ink"]
    value = axes.text(column, row - 0.12, cell.value or "–", ha="center", va="center", color=ink)
    value.set_fontweight("bold" if cell.state == "shown" else "normal")
    limits = f"{cell.interval} ({cell.mark})" if cell.mark else cell.interval
    interval = axes.text(column, row + 0.24, limits, ha="center", va="center", color=ink, fontsize=6.5)
    if noise:
        # Text on hatching is hard to read without a plain background.
        for text in (value, interval):
            text.set_bbox({"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})


def tone_colour(tone: str, shade: float) -> Any:
    """Return the colour of a tone at a strength in percent. An unknown tone has the colour of paper."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(tone, [PAPER, PALETTE.named.get(tone, PAPER)])(shade / 100)


def curves_figure(sequences: list[Panel], domains: tuple[str, ...], caption: str) -> Figure:
    """Draw the panels as the HTML page lays them out, with a legend of the full names."""
    rows, columns = -(-len(sequences) // PANELS_A_ROW), min(len(sequences), PANELS_A_ROW)
    width, height = columns * WIDTH / UNITS_AN_INCH, rows * (HEIGHT + TITLE_UNITS) / UNITS_AN_INCH
    figure = _figure(width, height)
    figure.subplots_adjust(0, 0, 1, 1 - TITLE_UNITS / UNITS_AN_INCH / height, 0, TITLE_UNITS / HEIGHT)
    for number, panel in enumerate(sequences):
        _draw_panel(figure.add_subplot(rows, columns, number + 1), panel)
    for index, name in enumerate(domains):
        figure.axes[0].plot([], [], label=label(name), **series_stroke(index % N_SERIES + 1))
    figure.legend(loc="lower center", ncols=len(domains), frameon=False, bbox_to_anchor=(0.5, 1.0))
    figure.text(0.5, -0.02, label(caption), ha="center", va="top", color=PALETTE.named["soft"])
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(HEIGHT, 0)
    axes.set_axis_off()
    axes.set_title(label("\n".join(filter(None, [panel.curriculum, panel.caveat]))), loc="left", fontsize=9)
    for number, phase in enumerate(panel.phases):
        ends = (phase.x, phase.x + phase.width)
        axes.fill_between(ends, FRAME.top, FRAME.bottom, color=PHASE_SHADES[number % 2], linewidth=0)
        axes.text(phase.x + phase.width / 2, FRAME.top - 7, label(phase.name), ha="center", **SMALL)
    for y, text in panel.y_ticks:
        axes.plot([FRAME.left, FRAME.right], [y, y], color=PALETTE.named["line"], linewidth=0.6)
        axes.text(FRAME.left - 6, y, text, ha="right", va="center", **SMALL)
    for x, text in panel.x_ticks:
        axes.text(x, FRAME.bottom + 16, text, ha="center", **SMALL)
    axes.text((FRAME.left + FRAME.right) / 2, HEIGHT, X_TITLE, ha="center", **SMALL)
    axes.text(4, (FRAME.top + FRAME.bottom) / 2, Y_TITLE, rotation=90, ha="center", va="center", **SMALL)
    for line in panel.lines:
        stroke = series_stroke(line.colour)
        if line.outline:
            axes.fill(*zip(*line.outline, strict=True), color=stroke["color"], alpha=0.13, linewidth=0)
        axes.plot([dot.x for dot in line.dots], [dot.y for dot in line.dots], marker="o", markersize=2.5, **stroke)
        place = (FRAME.right + 6, line.label_y)
        axes.text(*place, label(line.label), va="center", fontsize=7, fontweight="bold", color=stroke["color"])
    for alarm in panel.alarms:
        _draw_alarm(axes, alarm)


def _draw_alarm(axes: Axes, alarm: AlarmMark) -> None:
    colour = PALETTE.series(alarm.colour)
    axes.plot([alarm.left, alarm.right], [alarm.y, alarm.y], color=colour, linewidth=1.2)
    axes.plot([alarm.x], [alarm.y], marker="v", markersize=4, color=colour)


def cost_figure(picture: CostPicture, caption: str) -> Figure:
    """Draw total cost against worst-domain accuracy as the HTML page lays it out."""
    box = COST_BOX
    figure, axes = canvas(box.width, picture.height, picture.title)
    for y, text in picture.y_ticks:
        axes.plot([box.left, box.right], [y, y], color=PALETTE.named["line"], linewidth=0.6)
        axes.text(box.left - 6, y, text, ha="right", va="center", **SMALL)
    for x, text in picture.x_ticks:
        axes.text(x, box.bottom + 16, text, ha="center", **SMALL)
    axes.text((box.left + box.right) / 2, box.height - 8, label(picture.x_title), ha="center", **SMALL)
    axes.text(4, (box.top + box.bottom) / 2, box.y_title, rotation=90, ha="center", va="center", **SMALL)
    for mark in picture.marks:
        stroke = series_stroke((mark.colour - 1) % N_SERIES + 1)
        axes.plot([mark.x, mark.x], [mark.low_y, mark.high_y], **stroke)
        axes.plot([mark.x], [mark.y], marker="o", markersize=4, color=stroke["color"])
        axes.text(mark.x + 5, mark.y - 4, str(mark.number), fontsize=7, fontweight="bold", color=stroke["color"])
        axes.text(box.left, box.height + box.line * mark.number, label(f"{mark.number}  {mark.text}"), **SMALL)
    axes.text(box.left, picture.height + 12, label(caption), va="top", **SMALL)
    return figure


def series_stroke(number: int) -> dict[str, Any]:
    """Return the colour and the dashes of the series with this 1-based number."""
    dashes = tuple(length / LINE_UNITS for length in PALETTE.dashes[number])  # matplotlib counts in line widths
    style = (0, dashes) if dashes else "-"
    return {"color": PALETTE.series(number), "linewidth": 72 * LINE_UNITS / UNITS_AN_INCH, "linestyle": style}


def label(text: str, *, keep_lines: bool = False) -> str:
    """Return text that matplotlib prints literally, with dollar signs escaped because they would start a formula."""
    return plain(text, keep_lines=keep_lines).replace("$", r"\$")
