"""Heat maps and forgetting curves as SVG or PNG files, for papers and slides (needs matplotlib)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from xdomain.analysis.result import AnalysisResult, Trajectory
from xdomain.core.errors import DependencyMissing
from xdomain.core.files import write_atomic
from xdomain.report.cell_view import CellView
from xdomain.report.colour import scales
from xdomain.report.curves import caveat
from xdomain.report.effort import steps_line
from xdomain.report.heatmap import HeatMap, Picture, heat_map
from xdomain.report.layout import main_matrices
from xdomain.report.overview import scope
from xdomain.report.plain import plain
from xdomain.report.reproduce import default_command

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SETTINGS = {"font.size": 9, "svg.hashsalt": "xdomain", "svg.fonttype": "none", "hatch.linewidth": 0.6}
TONES = {"loss": "#f0973f", "gain": "#5fa3dc", "size": "#9a8fc7", "none": "#ffffff"}
MIDDLE, GREY = "#ffffff", "#6b7177"
SERIES = ("#0072b2", "#d55e00", "#00856a", "#b0578d", "#3a9bd0", "#b07900", "#6b6f76", "#7a6a1f")
DASHES = ("-", "--", ":", "-.")
PANELS_A_ROW = 3


def write_figures(result: AnalysisResult, folder: Path, kind: str) -> Path:
    """Write one file a matrix, and the forgetting curves.

    Args:
        kind: "svg" or "png". The same result gives the same bytes with the same matplotlib.

    Raises:
        DependencyMissing: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise DependencyMissing("figures need matplotlib.", fix='Run: pip install "xdomain[figures]".') from error
    limits = scales(main_matrices(result))
    with mpl.rc_context(SETTINGS):
        for matrix in main_matrices(result):
            drawn = heat_map(result, matrix, limits[matrix.unit], report_command=default_command(result))
            caption = "\n".join(filter(None, [scope(result.meta, matrix), steps_line(result, matrix)]))
            for number, picture in enumerate(drawn.pictures):
                name = f"{matrix.name}{f'-{number + 1}' if number else ''}.{kind}"
                _save(_heat_figure(drawn, picture, caption), folder / name, kind)
        curves: dict[str, list[Trajectory]] = {}
        for trajectory in result.trajectories:
            if len(trajectory.phase_ends) > 1 and any(p.estimate is not None for p in trajectory.points):
                curves.setdefault(trajectory.curriculum, []).append(trajectory)
        if curves:
            caption = f"Bands: 95% intervals. {scope(result.meta)}"
            _save(_curves_figure(curves, result.meta.domains, caption), folder / f"curves.{kind}", kind)
    return folder


def _save(figure: Figure, path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    # A date in the file would make equal results differ.
    figure.savefig(
        buffer, format=kind, dpi=200, bbox_inches="tight", metadata={"Date": None} if kind == "svg" else None
    )
    write_atomic(path, buffer.getvalue())


def _figure(width_inches: float, height_inches: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches))


def _heat_figure(drawn: HeatMap, picture: Picture, caption: str) -> Figure:
    figure = _figure(1.6 + 1.05 * len(picture.columns), 1.0 + 0.46 * len(picture.rows))
    axes = figure.add_subplot()
    for row, (_, views) in enumerate(picture.rows):
        for column, view in enumerate(views):
            if view is not None:
                _draw_cell(axes, row, column, view)
    axes.set_xlim(-0.5, len(picture.columns) - 0.5)
    axes.set_ylim(len(picture.rows) - 0.5, -0.5)
    axes.set_xticks(range(len(picture.columns)), [_label(name) for name in picture.columns])
    axes.set_yticks(range(len(picture.rows)), [_label(name) for name, _ in picture.rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_ylabel(_label(picture.row_meaning), color=GREY)
    axes.set_title(_label(f"{drawn.matrix.title} ({drawn.unit})"), loc="left", fontweight="bold")
    below = [f"full colour at {drawn.limit}; hatched: no effect shown; [95% interval]"]
    below += [f"({mark}) {text}" for mark, text in drawn.footnotes]
    axes.set_xlabel("\n".join([*map(_label, below), _label(caption, keep_lines=True)]), color=GREY)
    return figure


def _draw_cell(axes: Axes, row: int, column: int, cell: CellView) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    noise = cell.state == "noise"
    axes.add_patch(
        Rectangle(
            (column - 0.48, row - 0.46),
            0.96,
            0.92,
            facecolor=LinearSegmentedColormap.from_list(cell.tone, [MIDDLE, TONES[cell.tone]])(cell.shade / 100),
            edgecolor="#d8d9d6",
            linewidth=0.5,
            hatch="////" if noise else None,
        )
    )
    ink = GREY if noise else "#1c2024"
    value = axes.text(column, row - 0.12, cell.value or "–", ha="center", va="center", color=ink)
    value.set_fontweight("bold" if cell.state == "shown" else "normal")
    limits = f"{cell.interval} ({cell.mark})" if cell.mark else cell.interval
    interval = axes.text(column, row + 0.24, limits, ha="center", va="center", color=ink, fontsize=6.5)
    if noise:
        # Text on hatching is hard to read without paper behind it.
        for text in (value, interval):
            text.set_bbox({"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})


def _curves_figure(curves: dict[str, list[Trajectory]], domains: tuple[str, ...], caption: str) -> Figure:
    rows = -(-len(curves) // PANELS_A_ROW)
    figure = _figure(3.2 * min(len(curves), PANELS_A_ROW), 2.4 * rows)
    grid = figure.subplots(
        rows,
        min(len(curves), PANELS_A_ROW),
        squeeze=False,
        sharey=True,
        gridspec_kw={"hspace": 0.6, "wspace": 0.1, "top": 1 - 0.5 / (2.4 * rows)},
    )
    for axes in grid.flat[len(curves) :]:
        axes.set_visible(False)
    for axes, (curriculum, lines) in zip(grid.flat, curves.items(), strict=False):
        for line in lines:
            place = domains.index(line.domain) if line.domain in domains else len(domains)
            _draw_line(axes, line, SERIES[place % len(SERIES)], DASHES[place % len(DASHES)])
        for end in lines[0].phase_ends[:-1]:
            axes.axvline(end, color="#c9cbc8", linewidth=0.8)
        axes.set_title(_label("\n".join(filter(None, [curriculum, caveat(lines)]))), loc="left", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("optimizer steps", fontsize=8, color=GREY)
    grid[0, 0].set_ylabel("accuracy, percent")
    bottom_inches = 2.4 * rows * figure.subplotpars.bottom
    figure.text(0.5, (bottom_inches - 0.6) / (2.4 * rows), _label(caption), ha="center", color=GREY)
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(),
        loc="upper center",
        ncols=len(domains),
        frameon=False,
        bbox_to_anchor=(0.5, 1.0),
    )
    return figure


def _draw_line(axes: Axes, line: Trajectory, colour: str, dash: str) -> None:
    points = [p for p in line.points if p.estimate is not None]
    steps = [p.total_steps for p in points]
    axes.plot(
        steps, [100 * (p.estimate or 0.0) for p in points], dash, color=colour, label=_label(line.domain), linewidth=1.4
    )
    banded = [(p.total_steps, 100 * p.low, 100 * p.high) for p in points if p.low is not None and p.high is not None]
    axes.fill_between(
        [step for step, _, _ in banded],
        [low for _, low, _ in banded],
        [high for _, _, high in banded],
        color=colour,
        alpha=0.13,
        linewidth=0,
    )


def _label(text: str, *, keep_lines: bool = False) -> str:
    """Text that matplotlib takes literally: a dollar sign would start a formula."""
    return plain(text, keep_lines=keep_lines).replace("$", r"\$")
