"""The report for a terminal: Rich renderables, which `cli` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Matrix, PublishedStudy
from xdomain.core.foreign_text import plain
from xdomain.core.terminal_text import text
from xdomain.core.words import count
from xdomain.report.accuracy import answer_key, answer_text, chance_text
from xdomain.report.cell_view import CellView
from xdomain.report.contrasts import contrast_views
from xdomain.report.effort import steps_line
from xdomain.report.footnotes import footnotes
from xdomain.report.heatmap import HeatMap, heat_map
from xdomain.report.layout import further_matrices, main_matrices
from xdomain.report.notes import NOTATION, missing_note, notes
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.overview import facts_line, overview
from xdomain.report.published import EXPLANATION, columns, published_views, standing
from xdomain.report.reproduce import default_command
from xdomain.report.sections import table_sections
from xdomain.report.text_section import TextSection
from xdomain.report.ways import ways_sections

SHAPE = "mtl"
"""Letters of `ANSWER_KEY` that are printed below an accuracy; a narrow table has no room for more."""
WRAPPED = ("quantity", "unadjusted", "adjusted", "own result")
"""Columns of words in the table of a published study. They wrap in a narrow terminal; numbers never do."""
MOST_MISSING = 10
"""Number of missing evaluations that are named in a terminal."""
GAIN, LOSS, NOISE = "bold blue", "bold dark_orange", "dim"


def tables(result: AnalysisResult, *, everything: bool = False) -> list[RenderableType]:
    """Return the report as Rich renderables. The findings come last, so that they stay in view.

    Args:
        everything: True to include the further matrices (changes from base, sequence metrics, turnover, odds ratios,
            pass@k) and the details of the findings.
    """
    parts: list[RenderableType] = [Rule(text(result.meta.experiment)), Padding(text(overview(result)), (1, 0))]
    parts.append(Padding(text(NOTATION), (0, 0, 1, 0)))
    parts += [part for section in ways_sections(result) for part in _section(section)]
    if result.contrasts:
        parts.append(_contrasts(result))
    parts.append(accuracy_table(result.accuracy))
    matrices = main_matrices(result) + (further_matrices(result) if everything else [])
    parts += [matrix_tables(result, matrix) for matrix in matrices]
    parts += [part for section in table_sections(result) for part in _section(section)]
    parts += [part for study in result.references for part in _reference(study)]
    parts += [text(note, "italic") for note in [*notes(result), missing_note(result, MOST_MISSING)] if note]
    return [*parts, *_findings(result, everything=everything)]


def _findings(result: AnalysisResult, *, everything: bool) -> Iterator[RenderableType]:
    """Yield the findings, the main ones last. Details are only counted unless `everything` is True."""
    yield Padding(Rule(text("Findings")), (1, 0, 0, 0))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in sorted(result.findings, key=lambda finding: finding.is_main):
        style = "bold" if finding.is_main else NOISE
        sentence = text(finding.sentence)
        if finding.details and everything:
            sentence.append("".join(f"\n- {plain(line)}" for line in finding.details), NOISE)
        elif finding.details and not finding.is_main:
            sentence.append(f" ({count(len(finding.details), 'line')} more with --all)", NOISE)
        table.add_row(text(finding.title, style), sentence)
    yield table
    yield text(facts_line(result), NOISE)


def accuracy_table(accuracy: AccuracyMatrix) -> Group:
    """Return accuracies in percent with intervals, the shape of the answers below each, and chance in the first row."""
    table = _empty(accuracy.title, accuracy.row_meaning, accuracy.columns)
    table.caption = text(f"percent right [95% interval]; {answer_key(SHAPE)}")
    marks = footnotes(accuracy)
    table.add_row(text("chance", "italic"), *(text(chance_text(accuracy, domain)) for domain in accuracy.columns))
    for row in accuracy.rows:
        table.add_row(text(row), *(_accuracy_cell(accuracy, row, domain, marks) for domain in accuracy.columns))
    return Group(table, *_footnotes(marks))


def matrix_tables(result: AnalysisResult, matrix: Matrix) -> Group:
    """Return one matrix: its question, the cells, and how p was adjusted.

    Dim cells are not distinguishable from noise.
    """
    drawn = heat_map(result, matrix, None, report_command=default_command(result))
    parts: list[RenderableType] = [text(f"{drawn.matrix.question} {drawn.definition}", "italic")]
    for picture in drawn.pictures:
        corner = f"{picture.row_meaning} \\ {picture.column_meaning}"
        table = _empty(f"{matrix.title} ({drawn.unit})", corner, picture.columns)
        for label, views in picture.rows:
            table.add_row(text(label), *(_value(view) for view in views))
        parts.append(table)
    caption = " ".join(filter(None, [_caption(drawn), steps_line(result, matrix)]))
    return Group(*parts, text(caption, NOISE), *_footnotes(footnotes(matrix)), text(""))


def _caption(drawn: HeatMap) -> str:
    spread = " SD: between training seeds." if drawn.has_seed_sds else ""
    if not drawn.tested:
        return f"Not tested.{spread}"
    family = f"; p adjusted: {drawn.family}" if drawn.family else ""
    return f"An effect is shown in {drawn.shown} of {drawn.tested} cells tested (dim: no effect shown){family}.{spread}"


def _value(view: CellView | None) -> Text:
    if view is None:
        return text("")
    if view.state == "missing":
        return text(view.word, NOISE)
    styles = {"gain": GAIN, "loss": LOSS, "effect shown": "bold"}
    style = NOISE if view.state == "noise" else styles.get(view.word, "")
    spread = f" SD {view.seed_sd}" if view.seed_sd else ""
    return Text.assemble((view.value, style), " ", (f"{view.interval}{spread}{_mark(view.mark)}", NOISE))


def _mark(mark: str) -> str:
    return f" ({mark})" if mark else ""


def _footnotes(marks: Mapping[str, str]) -> list[RenderableType]:
    return [text(f"({mark}) {caveat}", NOISE) for caveat, mark in marks.items()]


def _accuracy_cell(accuracy: AccuracyMatrix, row: str, domain: str, marks: Mapping[str, str]) -> Text:
    cell = accuracy.cell(row, domain)
    if cell is None or cell.estimate is None:
        failed = cell is not None and cell.note.startswith("failed: ")
        return text(cell.note, LOSS) if cell is not None and failed else text("not measured", NOISE)
    beside = answer_text(accuracy.answers.get(row, {}).get(domain), SHAPE)
    value = estimate_text("fraction", cell.estimate, signed=False)
    limits = interval_text("fraction", cell.low, cell.high) + _mark(marks.get(cell.caveat, ""))
    return Text.assemble((value, "bold"), " ", (limits + (f"\n{beside}" if beside else ""), NOISE))


def _contrasts(result: AnalysisResult) -> Table:
    columns = ("estimate", "95% interval", "p", "p adjusted", "steps", "finding")
    table = _empty("Declared contrasts (p adjusted by Holm)", "contrast", columns)
    for view in contrast_views(result):
        style = NOISE if view.state == "noise" else ""
        words = (view.value, view.interval, view.p, view.p_adjusted, view.steps, view.finding)
        table.add_row(text(view.contrast), *(text(word, style) for word in words))
    return table


def _section(section: TextSection) -> Iterator[Table]:
    for drawn in section.tables:
        table = _empty(f"{section.title}: {drawn.title}", drawn.header[0], drawn.header[1:])
        if drawn is section.tables[-1]:
            table.caption = text(section.meaning)
        for row in drawn.rows:
            table.add_row(*(text(value) for value in row))
        yield table


def _reference(study: PublishedStudy) -> Iterator[RenderableType]:
    """Yield the tables of a published study. Names and words wrap in a narrow terminal; numbers do not."""
    yield Rule(text(study.source))
    yield text(EXPLANATION)
    table = Table(
        title=text("Published effects", "bold"), title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False
    )
    for place, name in enumerate(columns(study)):
        wraps = name in WRAPPED
        head = text(name if wraps else name.replace(" ", "\n"))
        table.add_column(head, no_wrap=not wraps, overflow="fold", justify="right" if place else "left")
    for view in published_views(study):
        table.add_row(*(text(value, "bold" if view.stands else NOISE) for value in view.texts))
    yield table
    yield text(standing(study))
    if study.contradictions:
        yield text("Contradictions within the study:", "bold")
        yield from (text(f"- {line}") for line in study.contradictions)
    if study.notes:
        yield text("About the study:", "bold")
        yield from (text(f"- {line}") for line in study.notes)


def _empty(title: str, corner: str, columns: Iterable[str]) -> Table:
    table = Table(title=text(title, "bold"), title_justify="left", caption_justify="left")
    table.add_column(text(corner))
    for column in columns:
        table.add_column(text(column), justify="right")
    return table
