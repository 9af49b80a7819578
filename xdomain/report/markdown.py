"""The report as Markdown for a repository page, with the same words and matrices as the other formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Matrix, PublishedStudy
from xdomain.core.foreign_text import plain
from xdomain.core.words import count
from xdomain.report.accuracy import answer_key, answer_text, chance_text
from xdomain.report.best import BEST_MEANING, best_table
from xdomain.report.causes import block_table
from xdomain.report.cell_view import CellView
from xdomain.report.contrasts import contrast_views
from xdomain.report.effort import AMOUNTS, comparisons, spent_by_sides, steps_line
from xdomain.report.footnotes import footnotes
from xdomain.report.heatmap import HeatMap, heat_map
from xdomain.report.layout import further_matrices, main_matrices
from xdomain.report.notes import NOTATION, notes
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.overview import facts_line, overview
from xdomain.report.published import EXPLANATION, columns, published_views, standing
from xdomain.report.reproduce import default_command
from xdomain.report.sections import table_sections
from xdomain.report.text_section import TextSection
from xdomain.report.ways import ways_sections

SHAPE = "wmtl"
"""Letters of `ANSWER_KEY` that are printed after an accuracy."""
SPECIAL = "\\`*_{}[]<>#|~&"
"""Characters that Markdown, or HTML inside it, would interpret. A hyphen or a sign inside a line is harmless."""


def render_markdown(result: AnalysisResult, *, report_command: str | None = None) -> str:
    """Return the whole report."""
    command = report_command or default_command(result)
    parts = [f"# {escaped(result.meta.experiment)}", escaped(facts_line(result)), *_findings(result)]
    parts += ["## What was done", escaped(overview(result)), escaped(NOTATION)]
    parts.append("\n".join(f"> {escaped(note)}  " for note in notes(result)))
    parts += _sections(ways_sections(result))
    parts += _contrasts(result)
    parts += ["## Accuracy", *_accuracy(result.accuracy)]
    for matrix in [*main_matrices(result), *further_matrices(result)]:
        parts += _matrix(heat_map(result, matrix, None, report_command=command))
        parts += _comparisons(result, matrix)
    parts += _sections(table_sections(result))
    parts += _blocks(result)
    parts += _best(result)
    parts += [part for study in result.references for part in _reference(study)]
    parts += ["## Effort", _effort(result)]
    if result.meta.missing:
        parts += ["## Not measured", "\n".join(f"- {escaped(name)}" for name in result.meta.missing)]
    parts.append(f"Made by `{plain(command).replace('`', '')}`.")
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Return `text` on one line, with every character escaped that Markdown or HTML would interpret."""
    return "".join(f"\\{c}" if c in SPECIAL else c for c in plain(text))


def _findings(result: AnalysisResult) -> list[str]:
    """Return the answers, followed by the details of each in a folded block."""
    answers = [f"- **{escaped(finding.title)}**: {escaped(finding.sentence)}" for finding in result.findings]
    parts = ["## Findings", "\n".join(answers) or "Nothing could be compared."]
    for finding in result.findings:
        if finding.details:
            lines = "\n".join(f"- {escaped(line)}" for line in finding.details)
            title = f"{escaped(finding.title)}: {count(len(finding.details), 'line')}"
            parts.append(f"<details><summary>{title}</summary>\n\n{lines}\n\n</details>")
    return parts


def _matrix(drawn: HeatMap) -> list[str]:
    asked = escaped(f"{drawn.matrix.question} {drawn.definition}".strip())
    parts = [f"## {escaped(drawn.matrix.title)}", f"{asked} In {drawn.unit}. Source: {escaped(drawn.source)}."]
    if drawn.tested:
        adjusted = f" p adjusted: {escaped(drawn.family)}." if drawn.family else ""
        parts.append(f"**Bold**: an effect is shown, {drawn.shown} of {drawn.tested} cells tested.{adjusted}")
    if drawn.has_seed_sds:
        parts.append("SD: between training seeds.")
    for picture in drawn.pictures:
        header = [f"{picture.row_meaning} \\ {picture.column_meaning}", *picture.columns]
        parts.append(
            markdown_table(header, [[label, *(_cell(view) for view in views)] for label, views in picture.rows])
        )
    return [*parts, _footnotes(drawn.matrix)]


def _comparisons(result: AnalysisResult, matrix: Matrix) -> list[str]:
    """Return the effort of both sides of every comparison in a folded block."""
    rows = [[sides, *spent] for sides, spent in comparisons(result, matrix).items()]
    if not rows:
        return []
    table = markdown_table(["compared", *AMOUNTS.values()], rows)
    return [f"<details><summary>{escaped(steps_line(result, matrix))}</summary>\n\n{table}\n\n</details>"]


def _cell(view: CellView | None) -> str:
    if view is None:
        return ""
    if view.state == "missing":
        return view.word
    value = f"**{view.value}**" if view.state == "shown" else view.value
    spread = f" SD {view.seed_sd}" if view.seed_sd else ""
    return Raw(f"{value} {escaped(view.interval)}{spread}".strip() + superscript(view.mark))


def superscript(mark: str) -> str:
    """Return a footnote's mark as superscript, or an empty string for an empty mark."""
    return f"<sup>{mark}</sup>" if mark else ""


def _footnotes(matrix: Matrix) -> str:
    return "  \n".join(f"{superscript(mark)} {escaped(caveat)}" for caveat, mark in footnotes(matrix).items())


class Raw(str):
    """Text that is already Markdown."""


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(c if isinstance(c, Raw) else escaped(c) for c in cells)} |"

    rule = f"|---|{'---:|' * (len(header) - 1)}"
    return "\n".join([line(header), rule, *(line(row) for row in rows)])


def _accuracy(accuracy: AccuracyMatrix) -> list[str]:
    marks = footnotes(accuracy)

    def cell(row: str, domain: str) -> str:
        found = accuracy.cell(row, domain)
        if found is None or found.estimate is None:
            return "not measured"
        value = estimate_text("fraction", found.estimate, signed=False)
        shape = answer_text(accuracy.answers.get(row, {}).get(domain), SHAPE)
        limits = f"{interval_text('fraction', found.low, found.high)} {shape}".strip()
        return Raw(f"{value} {escaped(limits)}{superscript(marks.get(found.caveat, ''))}")

    rows = [
        ["chance", *(chance_text(accuracy, d) for d in accuracy.columns)],
        *([row, *(cell(row, d) for d in accuracy.columns)] for row in accuracy.rows),
    ]
    words = f"Percent right with its 95% interval; {answer_key(SHAPE)}."
    return [words, markdown_table([accuracy.row_meaning, *accuracy.columns], rows), _footnotes(accuracy)]


def _contrasts(result: AnalysisResult) -> list[str]:
    rows = []
    for view in contrast_views(result):
        finding = f"**{escaped(view.finding)}**" if view.state == "shown" else escaped(view.finding)
        rows.append([view.contrast, view.value, view.interval, view.p, view.p_adjusted, view.steps, Raw(finding)])
    header = ["contrast", "estimate", "95% interval", "p", "p adjusted (Holm)", "steps", "finding"]
    return ["## Declared contrasts", markdown_table(header, rows)] if rows else []


def _sections(sections: Iterable[TextSection]) -> list[str]:
    parts = []
    for section in sections:
        parts += [f"## {escaped(section.title)}", escaped(section.meaning)]
        parts += [
            f"### {escaped(table.title)}\n\n{markdown_table(table.header, table.rows)}" for table in section.tables
        ]
    return parts


def _blocks(result: AnalysisResult) -> list[str]:
    """Return the scores of all layers, which the HTML page draws, in a folded block."""
    table = block_table(result.diagnoses)
    if table is None:
        return []
    text = markdown_table(table.header, table.rows)
    return [f"<details><summary>{escaped(table.title)}</summary>\n\n{text}\n\n</details>"]


def _best(result: AnalysisResult) -> list[str]:
    header, rows = best_table(result)
    return ["## Not beaten", BEST_MEANING, markdown_table(header, rows)] if rows else []


def _reference(study: PublishedStudy) -> list[str]:
    rows = [
        [Raw(f"**{escaped(text)}**") if view.stands and text else text for text in view.texts]
        for view in published_views(study)
    ]
    parts = [f"## Published: {escaped(study.name)}", escaped(f"{study.source}. {EXPLANATION}")]
    parts += [markdown_table(columns(study), rows), escaped(standing(study))]
    if study.contradictions:
        lines = "\n".join(f"- {escaped(line)}" for line in study.contradictions)
        parts += ["Contradictions within the study:", lines]
    if study.notes:
        parts += ["About the study:", "\n".join(f"- {escaped(line)}" for line in study.notes)]
    return parts


def _effort(result: AnalysisResult) -> str:
    rows = [[label, *spent_by_sides(result.effort, [label])] for label in result.effort]
    return markdown_table(["run", *AMOUNTS.values()], rows)
