"""The findings in words: only what the intervals allow, never a ranking inside the noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdomain.analysis.amounts import interval, points, sized, steps_apart
from xdomain.analysis.result import AnalysisResult, Cell, Matrix, RunEffort
from xdomain.analysis.strategy_sentences import strategy_sentences


def sentences(result: AnalysisResult) -> tuple[str, ...]:
    """The summary, most general first."""
    return (
        *_scope(result),
        *_training(result),
        *_transfer(result),
        *_orders(result.order_effect, result.effort),
        *_changes(result, result.retention, "{row} leaves {column} {amount} {direction} than {other} did"),
        *_changes(result, result.plasticity, "{row} ends {amount} {direction} on {column} than {other} alone"),
        *_changes(result, result.refresh, "{row} ends {amount} {direction} on {column} than {other}"),
        *_mixtures(result.mix_gain, result.effort),
        *strategy_sentences(result),
        *_best(result),
        *_missing(result),
    )


def _scope(result: AnalysisResult) -> Iterator[str]:
    seeds = len(result.meta.seeds)
    if result.meta.speaks_of == "the recipe":
        yield f"{seeds} training seeds: the intervals speak of the recipe, a re-run of training included."
    else:
        yield "One training seed: the intervals speak of these checkpoints; nothing is said about a re-run of training."


def _training(result: AnalysisResult) -> Iterator[str]:
    cell = result.summary.mean_diagonal_transfer
    if cell.estimate is None:
        return
    amount = f"{points(cell.estimate, sign=True)} points {interval(cell)}"
    if cell.low is not None and cell.low > 0:
        yield f"Training on a domain raised that domain by {amount} on average."
    elif cell.high is not None and cell.high < 0:
        yield f"Training on a domain lowered that domain by {amount} on average."
    else:
        yield f"No effect of training on a domain on that domain itself is shown on average: {amount}."


def _transfer(result: AnalysisResult) -> Iterator[str]:
    matrix = result.transfer
    quiet: list[Cell] = []
    for row in matrix.rows:
        for column, cell in matrix.cells[row].items():
            if row == column or cell.estimate is None:
                continue
            if cell.word in ("gain", "loss"):
                verb = "raises" if cell.word == "gain" else "lowers"
                yield f"Training on {row} {verb} {column} by {points(abs(cell.estimate))} points {sized(cell)}."
            elif cell.word:
                quiet.append(cell)
    yield from _quiet(quiet, "transfer to another domain")


def _quiet(cells: list[Cell], what: str) -> Iterator[str]:
    if not cells:
        return
    reach = [max(abs(cell.low), abs(cell.high)) for cell in cells if cell.low is not None and cell.high is not None]
    bound = f"; effects up to {points(max(reach))} points are not ruled out" if reach else ""
    cell_or_cells = "cell" if len(cells) == 1 else "cells"
    yield f"No effect is shown in {len(cells)} {cell_or_cells} of {what}{bound}."


def _orders(matrix: Matrix, effort: Mapping[str, RunEffort]) -> Iterator[str]:
    for row in matrix.rows:
        shown, quiet = [], []
        for column, cell in matrix.cells[row].items():
            if cell.estimate is None or cell.word is None:
                continue
            if cell.word == "no effect shown":
                bound = "no interval" if cell.low is None else f"{interval(cell)} not ruled out"
                quiet.append(f"on {column} no effect is shown, {bound}")
            else:
                first, second = cell.compares if cell.word == "gain" else tuple(reversed(cell.compares))
                amount = f"{points(abs(cell.estimate))} points {sized(cell)}{steps_apart(effort, (first, second))}"
                shown.append(f"{first} beats {second} on {column} by {amount}")
        if shown:
            yield "; ".join(shown + quiet) + "."
        elif quiet:
            yield f"Order of {row}: " + "; ".join(quiet) + "."


def _changes(result: AnalysisResult, matrix: Matrix, words: str) -> Iterator[str]:
    quiet: list[Cell] = []
    for row in matrix.rows:
        for column, cell in matrix.cells[row].items():
            if cell.estimate is None:
                continue
            if cell.word in ("gain", "loss"):
                amount = f"{points(abs(cell.estimate))} points {sized(cell)}"
                direction = "higher" if cell.word == "gain" else "lower"
                other = cell.compares[1]
                found = words.format(row=row, column=column, amount=amount, direction=direction, other=other)
                yield f"{found}{steps_apart(result.effort, cell.compares)}."
            elif cell.word:
                quiet.append(cell)
    yield from _quiet(quiet, matrix.name)


def _mixtures(matrix: Matrix, effort: Mapping[str, RunEffort]) -> Iterator[str]:
    for row in matrix.rows:
        for column, cell in matrix.cells[row].items():
            if cell.estimate is None or cell.word not in ("gain", "loss"):
                continue
            amount = f"{points(abs(cell.estimate))} points {sized(cell)}{steps_apart(effort, cell.compares)}"
            if cell.word == "gain":
                yield f"{row} beats every order on {column}, by at least {amount}."
            else:
                yield f"{row} is beaten by one of its orders on {column}, by {amount}."


def _best(result: AnalysisResult) -> Iterator[str]:
    for best in result.summary.best:
        leading = _short(best.leading, best.group)
        if len(best.not_beaten) == 1 and best.margin.estimate is not None:
            # Every other loses to some run; that one run beats each of them says the simultaneous margin alone.
            clear = best.margin.low is not None and best.margin.low > 0
            words = "beats all others, the next" if clear else "alone is not beaten; it leads the next"
            apart = steps_apart(result.effort, best.margin.compares)
            amount = f"{points(best.margin.estimate)} points {sized(best.margin)}{apart}"
            yield f"{best.group}, on {best.domain}: {leading} {words} by {amount}."
        else:
            names = "; ".join(_short(label, best.group) for label in best.not_beaten)
            yield f"{best.group}, on {best.domain}: not beaten are {names}."


def _short(label: str, group: str) -> str:
    """A strategy's name alone where the group names the curriculum."""
    if not group.startswith("strategies for "):
        return label
    return label.partition(" [")[2].removesuffix("]") or "joint"


def _missing(result: AnalysisResult) -> Iterator[str]:
    if result.meta.missing:
        yield f"{len(result.meta.missing)} planned evaluations are missing; cells that need them are blank."
