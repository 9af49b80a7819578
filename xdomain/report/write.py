"""Write a report folder. Each file is complete or absent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from xdomain.analysis.result import AnalysisResult
from xdomain.core.errors import ConfigError
from xdomain.core.files import write_atomic, write_json, writing
from xdomain.core.registry import did_you_mean
from xdomain.report.delimited import long_csv, published_csv, ways_csv, wide_csv
from xdomain.report.every_eval_ever import every_eval_ever
from xdomain.report.figures import write_figures
from xdomain.report.file_names import file_names
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.layout import has_cells
from xdomain.report.markdown import render_markdown
from xdomain.report.model_card import model_card
from xdomain.report.reproduce import default_command

DEFAULT_FORMATS = ("markdown", "csv", "json", "html")
"""Formats that need no optional dependency, written by default."""


def write_report(
    result: AnalysisResult,
    folder: Path,
    formats: Sequence[str] = DEFAULT_FORMATS,
    *,
    report_command: str | None = None,
) -> dict[str, Path]:
    """Write `result` into `folder` in every named format.

    Args:
        folder: Folder for the report, created if it does not exist. Files of the same name are replaced.
        formats: Keys of `WRITERS`.
        report_command: Command that the user typed. The report prints it as the way to reproduce the report.

    Returns:
        The main file of each format: report.md, report.csv, report.json, report.tex, report.html. For the other
            formats, the folder of their files: figures, model-cards, every-eval-ever.

    Raises:
        ConfigError: A format is unknown, or cards are requested for results without checkpoints.
        DependencyMissing: Figures are requested without matplotlib.
        StoreError: The folder cannot be written.
    """
    require_formats(formats)
    command = report_command or default_command(result)
    with writing("Name another folder with --out, or make room in this one."):
        return {name: WRITERS[name](result, folder, command) for name in formats}


def require_formats(formats: Iterable[str]) -> None:
    """Refuse an unknown format.

    Raises:
        ConfigError: A name of `formats` is unknown.
    """
    for name in formats:
        if name not in WRITERS:
            raise ConfigError(
                f'report format "{name}" is unknown.{did_you_mean(name, WRITERS)}', fix=f"Known: {', '.join(WRITERS)}."
            )


def _markdown(result: AnalysisResult, folder: Path, command: str) -> Path:
    return _write(folder / "report.md", render_markdown(result, report_command=command))


def _csv(result: AnalysisResult, folder: Path, command: str) -> Path:
    for name, matrix in result.matrices.items():
        if has_cells(matrix):
            write_atomic(folder / "matrices" / f"{name}.csv", wide_csv(matrix))
    if result.ways_to_combine:
        write_atomic(folder / "ways-to-combine.csv", ways_csv(result))
    names = file_names(study.name for study in result.references)
    for study in result.references:
        write_atomic(folder / "references" / f"{names[study.name]}.csv", published_csv(study))
    return _write(folder / "report.csv", long_csv(result))


def _json(result: AnalysisResult, folder: Path, command: str) -> Path:
    return _write(folder / "report.json", result.model_dump_json(indent=2) + "\n")


def _latex(result: AnalysisResult, folder: Path, command: str) -> Path:
    return _write(folder / "report.tex", render_latex(result))


def _html(result: AnalysisResult, folder: Path, command: str) -> Path:
    return _write(folder / "report.html", render_html(result, report_command=command))


def _svg(result: AnalysisResult, folder: Path, command: str) -> Path:
    return write_figures(result, folder / "figures", "svg")


def _png(result: AnalysisResult, folder: Path, command: str) -> Path:
    return write_figures(result, folder / "figures", "png")


def _pdf(result: AnalysisResult, folder: Path, command: str) -> Path:
    return write_figures(result, folder / "figures", "pdf")


def _model_cards(result: AnalysisResult, folder: Path, command: str) -> Path:
    if not result.checkpoints:
        raise ConfigError(
            "these results name no checkpoint to write a card for.",
            where="--format model-cards",
            fix="Cards can be written only for the runs of an experiment.",
        )
    names = file_names(result.effort)
    for checkpoint in result.checkpoints:
        name = names[checkpoint.run] + ("" if checkpoint.seed is None else f"-seed-{checkpoint.seed}")
        write_atomic(folder / "model-cards" / f"{name}.md", model_card(result, checkpoint, command=command))
    return folder / "model-cards"


def _every_eval_ever(result: AnalysisResult, folder: Path, command: str) -> Path:
    now_seconds = time.time()
    for label, name in file_names(result.accuracy.rows).items():
        document = every_eval_ever(result, label, retrieved_seconds=now_seconds, command=command)
        write_json(folder / "every-eval-ever" / f"{name}.json", document, indent=2)
    return folder / "every-eval-ever"


def _write(path: Path, text: str) -> Path:
    write_atomic(path, text)
    return path


WRITERS: dict[str, Callable[[AnalysisResult, Path, str], Path]] = {
    "markdown": _markdown,
    "csv": _csv,
    "json": _json,
    "latex": _latex,
    "html": _html,
    "svg": _svg,
    "png": _png,
    "pdf": _pdf,
    "model-cards": _model_cards,
    "every-eval-ever": _every_eval_ever,
}
"""Function that writes each format, keyed by the format's name."""
