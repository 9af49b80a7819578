"""The report's matrices as LaTeX tables (booktabs), one `table` environment each, to be read in by `\\input`."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult, Matrix
from xdomain.report.cell_view import CellView
from xdomain.report.heatmap import HeatMap, Picture, heat_map
from xdomain.report.layout import further_matrices, main_matrices
from xdomain.report.numbers import MINUS, UNBOUNDED
from xdomain.report.plain import plain
from xdomain.report.reproduce import default_command

HEADER = "% Needs \\usepackage{booktabs} and \\usepackage{xcolor}. Grey: no effect shown. Intervals are unadjusted.\n"
ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "[": "{[}",
    "]": "{]}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    MINUS: "$-$",
    UNBOUNDED: r"$\infty$",
    "±": r"$\pm$",
}


def render_latex(result: AnalysisResult) -> str:
    """All tables, the accuracies first."""
    matrices = [result.accuracy, *main_matrices(result), *further_matrices(result)]
    return HEADER + "".join(f"\n{_table(result, matrix)}" for matrix in matrices)


def escaped(text: str) -> str:
    """`text` taken literally by LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in plain(text)).replace(
        r"-\textgreater{}", r"$\rightarrow$"
    )


def _table(result: AnalysisResult, matrix: Matrix) -> str:
    drawn = heat_map(result, matrix, None, report_command=default_command(result))
    caption = f"{matrix.title} ({drawn.unit}). {drawn.definition}"
    if result.meta.speaks_of:
        caption += f" Intervals speak of {result.meta.speaks_of}."
    return "".join(_tabular(drawn, picture, caption, number) for number, picture in enumerate(drawn.pictures))


def _tabular(drawn: HeatMap, picture: Picture, caption: str, number: int) -> str:
    label = f"tab:xdomain-{drawn.name.replace('_', '-')}{f'-{number + 1}' if number else ''}"
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{l{'r' * len(picture.columns)}}}",
        r"\toprule",
        " & ".join([escaped(picture.row_meaning), *map(escaped, picture.columns)]) + r" \\",
        r"\midrule",
        *(" & ".join([escaped(name), *map(_cell, views)]) + r" \\" for name, views in picture.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _cell(view: CellView | None) -> str:
    if view is None:
        return ""
    if view.state == "missing":
        return "--"
    text = rf"{escaped(view.value)} {{\footnotesize {escaped(view.interval)}}}"
    return rf"\textcolor{{gray}}{{{text}}}" if view.state == "noise" else text
