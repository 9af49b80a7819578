"""Write heat maps and forgetting curves as SVG, PNG or PDF files, for papers and slides (needs matplotlib)."""

from __future__ import annotations

from pathlib import Path

from xdomain.analysis.result import AnalysisResult
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.report.colour import scales
from xdomain.report.cost_picture import cost_pictures
from xdomain.report.curves import panels
from xdomain.report.drawing import cost_figure, curves_figure, heat_figure, save, settings
from xdomain.report.effort import steps_line
from xdomain.report.heatmap import heat_map
from xdomain.report.layout import main_matrices
from xdomain.report.overview import scope
from xdomain.report.reproduce import default_command


def write_figures(result: AnalysisResult, folder: Path, kind: str) -> Path:
    """Write one file per matrix, one for the forgetting curves, and one per set of domains combined in several ways.

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
        for number, drawing in enumerate(cost_pictures(result)):
            name = f"ways-to-combine{f'-{number + 1}' if number else ''}.{kind}"
            save(
                cost_figure(drawing, f"Bars: 95% intervals; equal costs side by side. {scope(result.meta)}"),
                folder / name,
                kind,
            )
    return folder
