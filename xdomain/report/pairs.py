"""An observational study of pairs, as Markdown and for a terminal. Every number comes from `analysis.pairs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from xdomain.analysis.pair_result import PairResult
from xdomain.analysis.result import Cell, Matrix
from xdomain.core.foreign_text import plain
from xdomain.report.markdown import Raw, escaped, markdown_table
from xdomain.report.numbers import estimate_text, interval_text, p_text
from xdomain.report.terminal import accuracy_table

MEAN = "mean over pairs"


def study_tables(result: PairResult) -> list[RenderableType]:
    """Return the study as Rich renderables: gains, odds ratios, accuracies, and their inference scope."""
    parts: list[RenderableType] = []
    for title, header, rows in tables(result, _markup):
        table = Table(title=Text(title, "bold"), title_justify="left")
        for place, name in enumerate(header):
            table.add_column(Text(plain(name)), justify="left" if place < 2 else "right")
        for row in rows:
            names = [Text(plain(name)) for name in row[:2]]
            table.add_row(*names, *(Text.from_markup(text) for text in row[2:]))
        parts.append(table)
    parts.append(accuracy_table(result.accuracy))
    parts += [Text(plain(statement), "italic") for statement in result.statements]
    return parts


def study_markdown(result: PairResult, *, command: str) -> str:
    """Return the study as a Markdown page."""
    parts = [f"# {escaped(result.study)}", "\n".join(f"> {escaped(statement)}  " for statement in result.statements)]
    described = [
        f"{group}: {', '.join(f'{name} ({result.items.get(name, 0)} items)' for name in members)}"
        for group, members in result.groups.items()
    ]
    parts.append("\n".join(f"- {escaped(line)}" for line in described))
    for title, header, rows in tables(result, _marked):
        marked = [[*row[:2], *(Raw(text) for text in row[2:])] for row in rows]
        parts += [f"## {escaped(title)}", markdown_table(header, marked)]
    for matrix in (result.gain, result.odds_ratio):
        parts.append(escaped(f"{matrix.title}: {matrix.definition}. Source: {matrix.source}. {matrix.family}."))
    parts += ["## Accuracy", accuracies(result)]
    named = [f"{pair}: {base} to {tuned}" for pair, (base, tuned) in result.models.items()]
    parts += ["## Models", "\n".join(f"- {escaped(line)}" for line in named)]
    parts.append(f"Made by `{plain(command).replace('`', '')}`.")
    return "\n\n".join(parts) + "\n"


def _markup(cell: Cell, text: str) -> str:
    """Return `text` in Rich markup, emphasised if the cell shows an effect."""
    return f"[bold]{escape(text)}[/]" if shown(cell) else escape(text)


def _marked(cell: Cell, text: str) -> str:
    """Return `text` in Markdown, emphasised if the cell shows an effect."""
    return f"**{escaped(text)}**" if shown(cell) else escaped(text)


def tables(
    result: PairResult, emphasise: Callable[[Cell, str], str]
) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield title, header and rows of the gains and of the odds ratios.

    Args:
        emphasise: Function that marks the text of a cell with an effect shown.
    """
    for matrix, unit in (
        (result.gain, "percentage points, 95% interval, p adjusted"),
        (result.odds_ratio, "95% interval, p adjusted"),
    ):
        rows = [
            [
                row,
                ", ".join(result.trained_on[row]),
                *(cell_text(matrix, row, name, emphasise) for name in matrix.columns),
            ]
            for row in matrix.rows
        ]
        if matrix.name == result.gain.name:
            means = (result.mean_gain[name] for name in matrix.columns)
            rows.append([MEAN, "", *(emphasise(cell, value_text(matrix, cell)) for cell in means)])
        yield f"{matrix.title} ({unit})", [matrix.row_meaning, "trained on", *matrix.columns], rows


def cell_text(matrix: Matrix, row: str, column: str, emphasise: Callable[[Cell, str], str]) -> str:
    cell = matrix.cell(row, column)
    return "" if cell is None else emphasise(cell, value_text(matrix, cell))


def value_text(matrix: Matrix, cell: Cell) -> str:
    """Return a text such as "+5.1 [2.0, 8.2] p 0.012", or the reason why the cell has no number."""
    if cell.estimate is None:
        return "not measured" if "not measured" in cell.note else "not defined"
    value = estimate_text(matrix.unit, cell.estimate, signed=matrix.unit == "fraction")
    p = p_text(cell.p if cell.p_adjusted is None else cell.p_adjusted)
    interval = interval_text(matrix.unit, cell.low, cell.high)
    return " ".join(filter(None, [value, interval, f"p {p}" if p else ""]))


def shown(cell: Cell) -> bool:
    return cell.word in ("gain", "loss")


def accuracies(result: PairResult) -> str:
    """Return a table of the models' accuracies in percent with their intervals."""
    accuracy = result.accuracy

    def cell(row: str, column: str) -> str:
        found = accuracy.cell(row, column)
        if found is None or found.estimate is None:
            return "not measured"
        value = estimate_text("fraction", found.estimate, signed=False)
        return f"{value} {interval_text('fraction', found.low, found.high)}"

    rows = [[row, *(cell(row, name) for name in accuracy.columns)] for row in accuracy.rows]
    return markdown_table([accuracy.row_meaning, *accuracy.columns], rows)
