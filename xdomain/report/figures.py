"""Write the report's pictures as SVG, PNG or PDF files, for papers and slides (needs matplotlib)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xdomain.analysis.result import AnalysisResult
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.report.attribution_bars import bar_charts
from xdomain.report.colour import scales
from xdomain.report.cost_picture import cost_pictures
from xdomain.report.curves import panels
from xdomain.report.drawing import cost_figure, curves_figure, heat_figure, save, settings
from xdomain.report.effort import steps_line
from xdomain.report.heatmap import heat_map
from xdomain.report.interference_drawing import bars_figure, map_figure, recovery_figure, scatter_figure
from xdomain.report.layout import main_matrices
from xdomain.report.module_map import module_maps
from xdomain.report.overview import scope
from xdomain.report.prediction_scatter import scatters
from xdomain.report.recovery_picture import recovery_pictures
from xdomain.report.reproduce import default_command

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figures(result: AnalysisResult, folder: Path, kind: str) -> Path:
    """Write one file per matrix, one for the forgetting curves, and one per other picture of the report.

    The others are costs of ways to combine domains, scores and edits by block, attributions, repairs and predictions.

    The same result gives the same bytes with the same version of matplotlib.

    Args:
        kind: "svg", "png" or "pdf".

    Raises:
        DependencyMissing: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401 -- checked once, to tell the user what to install
    except ImportError as error:
        raise DependencyMissing("figures need matplotlib.", fix=f"Run: {install_command('figures')}") from error
    with settings():
        limits = scales(main_matrices(result))
        for matrix in main_matrices(result):
            drawn = heat_map(result, matrix, limits[matrix.unit], report_command=default_command(result))
            caption = "\n".join(filter(None, [scope(result.meta, matrix), steps_line(result, matrix)]))
            for number, picture in enumerate(drawn.pictures):
                name = f"{matrix.name}{f'-{number + 1}' if number else ''}.{kind}"
                save(heat_figure(drawn, picture, caption), folder / name, kind)
        sequences, _ = panels(result)
        if sequences:
            caption = f"Bands: 95% intervals. {scope(result.meta)}"
            save(curves_figure(sequences, result.meta.domains, caption), folder / f"curves.{kind}", kind)
        for name, figures in _series(result).items():
            for number, figure in enumerate(figures):
                save(figure, folder / f"{name}{f'-{number + 1}' if number else ''}.{kind}", kind)
    return folder


def _series(result: AnalysisResult) -> dict[str, list[Figure]]:
    """Return the figures of which there may be several, by the name of their files."""
    known = scope(result.meta)
    costs = f"Bars: 95% intervals; almost equal costs side by side. {known}"
    return {
        "ways-to-combine": [cost_figure(each, costs) for each in cost_pictures(result)],
        "modules": [map_figure(each, known) for each in module_maps(result.diagnoses)],
        "attribution": [
            bars_figure(each, f"Rings: one-module resets. {known}") for each in bar_charts(result.diagnoses)
        ],
        "recovery": [recovery_figure(each, known) for each in recovery_pictures(result)],
        "predictions": [scatter_figure(each, f"Rings: measured before. {known}") for each in scatters(result)],
    }
