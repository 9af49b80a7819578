"""The report as LaTeX, to be read by `\\input`: findings, notes, and tables that fit the text width."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from xdomain.analysis.result import AnalysisResult, Matrix, PublishedStudy
from xdomain.core.foreign_text import plain
from xdomain.core.number_text import MINUS, UNBOUNDED
from xdomain.report.accuracy import answer_key, answer_text, chance_text
from xdomain.report.best import BEST_MEANING, best_table
from xdomain.report.cell_view import CellView
from xdomain.report.contrasts import contrast_views
from xdomain.report.effort import steps_line
from xdomain.report.heatmap import HeatMap, heat_map
from xdomain.report.layout import EQUIVALENT, further_matrices, main_matrices
from xdomain.report.notes import NOTATION, missing_note, notes
from xdomain.report.overview import facts_line, overview, scope
from xdomain.report.published import EXPLANATION, columns, published_views, standing
from xdomain.report.reproduce import default_command
from xdomain.report.sections import table_sections
from xdomain.report.text_section import TextSection
from xdomain.report.ways import ways_sections

SHAPE = "wmtl"
"""Letters of `ANSWER_KEY` that are printed below an accuracy."""
HEADER = (
    "% Needs \\usepackage{booktabs}, \\usepackage{graphicx} and \\usepackage{xcolor}. Grey: no effect shown. Intervals "
    "are unadjusted.\n"
)
FITTED = r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%"
"""Beginning of a box that is shrunk to the text width if it is wider."""
MOST_ROWS = 41
"""Maximum number of rows of a table; a longer one is continued, because a float does not break over pages.

It is odd, so that an accuracy and the shape of its answers stay together after the row of chance.
"""
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
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    EQUIVALENT: r"$\approx$",
}


def render_latex(result: AnalysisResult) -> str:
    """Return findings, notes and all tables: the declared contrasts, the accuracies, the matrices."""
    matrices = [*main_matrices(result), *further_matrices(result)]
    tables = [
        *_sections(ways_sections(result)),
        *_contrasts(result),
        _accuracies(result),
        *(_matrix(result, matrix) for matrix in matrices),
    ]
    tables += [
        *_sections(table_sections(result)),
        *_best(result),
        *(_reference(study) for study in result.references),
    ]
    return HEADER + "".join(f"\n{part}" for part in [_findings(result), _notes(result), *tables])


def escaped(text: str) -> str:
    """Return `text` with LaTeX's special characters escaped."""
    return "".join(ESCAPES.get(character, character) for character in plain(text)).replace(
        r"-\textgreater{}", r"$\rightarrow$"
    )


def _findings(result: AnalysisResult) -> str:
    """Return the answers as a description list, with the details of each nested in it."""
    lines = [r"\subsection*{Findings}", escaped(facts_line(result))]
    entries: list[str] = []
    for finding in result.findings:
        entries.append(rf"\item[{escaped(finding.title)}] {escaped(finding.sentence)}")
        entries += _list("itemize", [rf"\item {escaped(line)}" for line in finding.details])
    return "\n".join([*lines, *_list("description", entries)]) + "\n"


def _notes(result: AnalysisResult) -> str:
    texts = [overview(result), NOTATION, *notes(result), missing_note(result)]
    about = [line for study in result.references for line in (*study.contradictions, *study.notes)]
    items = [rf"\item {escaped(text)}" for text in [*texts, *about] if text]
    return "\n".join([r"\subsection*{Notes}", *_list("itemize", items)]) + "\n"


def _list(kind: str, items: Sequence[str]) -> list[str]:
    return [rf"\begin{{{kind}}}", *items, rf"\end{{{kind}}}"] if items else []


def _sections(sections: Iterable[TextSection]) -> list[str]:
    return [
        _tabular(
            f"{section.name}-{number}",
            drawn.header,
            [[escaped(text) for text in row] for row in drawn.rows],
            f"{section.title}: {drawn.title}. {section.meaning}",
        )
        for section in sections
        for number, drawn in enumerate(section.tables, 1)
    ]


def _best(result: AnalysisResult) -> list[str]:
    header, rows = best_table(result)
    escaped_rows = [[escaped(text) for text in row] for row in rows]
    return [_tabular("not-beaten", header, escaped_rows, BEST_MEANING, words=(0, 2))] if rows else []


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
    spread = "SD: between training seeds." if drawn.has_seed_sds else ""
    about = f"{drawn.matrix.title} ({drawn.unit}). {drawn.definition}"
    return " ".join(filter(None, [about, scope(result.meta, drawn.matrix), spread]))


def _tabular(
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    footnotes: Iterable[tuple[str, str]] = (),
    words: Collection[int] = (0,),
) -> str:
    """Return one table, continued in further tables if it is long.

    Args:
        header: Header texts. Like `caption` and `footnotes` (pairs of mark and caveat), they are escaped; the cells of
            `rows` are LaTeX.
        words: Indices of the columns that are aligned to the left.
    """
    lines = list(rows)
    parts = [lines[start : start + MOST_ROWS] for start in range(0, len(lines), MOST_ROWS)] or [[]]
    marks = [rf"\par{{\footnotesize \textsuperscript{{{mark}}} {escaped(caveat)}}}" for mark, caveat in footnotes]
    label = f"tab:xdomain-{name.replace('_', '-')}"
    tables = []
    for number, part in enumerate(parts):
        title = f"{escaped(caption)}" if number == 0 else rf"Table~\ref{{{label}}}, continued."
        tables += [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{title}}}",
            rf"\label{{{label}{f'-{number + 1}' if number else ''}}}",
            FITTED,
            rf"\begin{{tabular}}{{{''.join('l' if place in words else 'r' for place in range(len(header)))}}}",
            r"\toprule",
            " & ".join(map(escaped, header)) + r" \\",
            r"\midrule",
            *(" & ".join(row) + r" \\" for row in part),
            r"\bottomrule",
            r"\end{tabular}}",
            *marks,
            r"\end{table}",
        ]
    return "\n".join(tables) + "\n"


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
