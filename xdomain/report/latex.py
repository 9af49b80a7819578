"""The report's matrices as LaTeX tables (booktabs), one `table` environment each, to be read in by `\\input`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdomain.analysis.result import AnalysisResult, Matrix, PublishedStudy
from xdomain.core.foreign_text import plain
from xdomain.report.accuracy import answer_key, answer_text, chance_text
from xdomain.report.cell_view import CellView
from xdomain.report.contrasts import contrast_views
from xdomain.report.effort import steps_line
from xdomain.report.heatmap import HeatMap, heat_map
from xdomain.report.layout import EQUIVALENT, further_matrices, main_matrices
from xdomain.report.numbers import MINUS, UNBOUNDED
from xdomain.report.overview import scope
from xdomain.report.published import EXPLANATION, columns, published_views, standing
from xdomain.report.reproduce import default_command

SHAPE = "wmtl"
"""What stands below an accuracy, see `ANSWER_KEY`."""
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
    EQUIVALENT: r"$\approx$",
}


def render_latex(result: AnalysisResult) -> str:
    """All tables: the declared contrasts, the accuracies, the matrices."""
    matrices = [*main_matrices(result), *further_matrices(result)]
    tables = [*_contrasts(result), _accuracies(result), *(_matrix(result, matrix) for matrix in matrices)]
    tables += [_reference(study) for study in result.references]
    return HEADER + "".join(f"\n{table}" for table in tables)


def escaped(text: str) -> str:
    """`text` taken literally by LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in plain(text)).replace(
        r"-\textgreater{}", r"$\rightarrow$"
    )


def _contrasts(result: AnalysisResult) -> list[str]:
    header = ("contrast", "estimate", "95% interval", "p", "p adjusted", "steps", "finding")
    rows = [
        [_noise(escaped(text), view.state == "noise") for text in line]
        for view in contrast_views(result)
        for line in [(view.contrast, view.value, view.interval, view.p, view.p_adjusted, view.steps, view.finding)]
    ]
    caption = f"Contrasts declared before the run; p adjusted by Holm over all of them. {scope(result.meta)}"
    return [_tabular("contrasts", header, rows, caption)] if rows else []


def _accuracies(result: AnalysisResult) -> str:
    accuracy = result.accuracy
    drawn = heat_map(result, accuracy, None, report_command=default_command(result))
    (picture,) = drawn.pictures
    rows = [["chance", *(escaped(chance_text(accuracy, domain)) for domain in picture.columns)]]
    for label, views in picture.rows:
        rows.append([escaped(label), *map(_cell, views)])
        shapes = [answer_text(accuracy.answers.get(label, {}).get(d), SHAPE) for d in picture.columns]
        if any(shapes):
            rows.append(["", *(rf"{{\scriptsize {escaped(shape)}}}" if shape else "" for shape in shapes)])
    caption = f"{_caption(result, drawn)} Below each: {answer_key(SHAPE)}."
    return _tabular(accuracy.name, (picture.row_meaning, *picture.columns), rows, caption, drawn.footnotes)


def _matrix(result: AnalysisResult, matrix: Matrix) -> str:
    drawn = heat_map(result, matrix, None, report_command=default_command(result))
    steps = steps_line(result, matrix)
    caption = f"{_caption(result, drawn)} {steps}".strip()
    tables = []
    for number, picture in enumerate(drawn.pictures):
        rows = [[escaped(label), *map(_cell, views)] for label, views in picture.rows]
        name = f"{drawn.name}{f'-{number + 1}' if number else ''}"
        header = (picture.row_meaning, *picture.columns)
        tables.append(_tabular(name, header, rows, caption, drawn.footnotes))
    return "".join(tables)


def _reference(study: PublishedStudy) -> str:
    rows = [[_noise(escaped(text), not view.stands) for text in view.texts] for view in published_views(study)]
    caption = f"Published effects of {study.source}. {EXPLANATION} {standing(study)}"
    return _tabular(f"published-{study.name}", columns(study), rows, caption)


def _caption(result: AnalysisResult, drawn: HeatMap) -> str:
    spread = "SD: of the cell between training seeds." if drawn.has_seed_sds else ""
    about = f"{drawn.matrix.title} ({drawn.unit}). {drawn.definition}"
    return " ".join(filter(None, [about, scope(result.meta, drawn.matrix), spread]))


def _tabular(
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    footnotes: Iterable[tuple[str, str]] = (),
) -> str:
    """One table; `header`, `caption` and `footnotes` (mark and caveat) are text, the cells of `rows` are LaTeX."""
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:xdomain-{name.replace('_', '-')}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
        r"\toprule",
        " & ".join(map(escaped, header)) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par{{\footnotesize \textsuperscript{{{mark}}} {escaped(caveat)}}}" for mark, caveat in footnotes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _cell(view: CellView | None) -> str:
    if view is None:
        return ""
    if view.state == "missing":
        return "--"
    spread = f" SD {view.seed_sd}" if view.seed_sd else ""
    mark = rf"\textsuperscript{{{view.mark}}}" if view.mark else ""
    text = rf"{escaped(view.value)} {{\footnotesize {escaped(view.interval + spread)}}}{mark}"
    return _noise(text, view.state == "noise")


def _noise(text: str, grey: bool) -> str:
    return rf"\textcolor{{gray}}{{{text}}}" if grey and text else text
