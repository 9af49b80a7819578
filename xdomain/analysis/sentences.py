"""The findings in words: only what the intervals allow, never a ranking inside the noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xdomain.analysis.amounts import interval, not_ruled_out, sized, steps_apart
from xdomain.analysis.result import AnalysisResult, Cell, Matrix, RunEffort
from xdomain.analysis.strategy_sentences import strategy_sentences
from xdomain.core.number_text import points
from xdomain.core.words import count

Place = tuple[str, str, Cell]
"""Row, column and cell."""


def sentences(result: AnalysisResult) -> tuple[str, ...]:
    """The summary: what the intervals speak of, then what is shown, then what is not, a sentence a matrix."""
    across = [place for place in _tested(result.matrices["transfer"]) if place[0] != place[1]]
    margin = result.meta.margin
    orders, mixtures = _tested(result.matrices["order_effect"]), _tested(result.matrices["mix_gain"])
    retention, plasticity, refresh = (_tested(result.matrices[name]) for name in ("retention", "plasticity", "refresh"))
    return (
        *_scope(result),
        *_training(result),
        *_transfer(across),
        *_orders(orders, result.effort),
        *_changes(retention, result.effort, "{row} leaves {column} {amount} {direction} than {other} did"),
        *_changes(plasticity, result.effort, "{row} ends {amount} {direction} on {column} than {other} alone"),
        *_changes(refresh, result.effort, "{row} ends {amount} {direction} on {column} than {other}"),
        *_mixtures(mixtures, result.effort),
        *strategy_sentences(result),
        *_quiet(across, "transfer to another domain", "transfer({row} on {column})", margin),
        *_quiet(orders, "order effect", "order({row}) on {column}", margin),
        *_quiet(retention, "retention", "retention({row}) on {column}", margin),
        *_quiet(plasticity, "plasticity", "plasticity({row}) on {column}", margin),
        *_quiet(refresh, "refresh", "refresh({row}) on {column}", margin),
        *_quiet(mixtures, "mix gain", "mix gain({row}) on {column}", margin),
        *_best(result),
        *_missing(result),
    )


def _tested(matrix: Matrix) -> list[Place]:
    return [
        (row, column, cell)
        for row in matrix.rows
        for column, cell in matrix.cells[row].items()
        if cell.estimate is not None and cell.word is not None
    ]


def _shown(places: Sequence[Place]) -> Iterator[tuple[str, str, Cell, str]]:
    """Cells with an effect shown, and the size of the effect in words."""
    for row, column, cell in places:
        if cell.word in ("gain", "loss") and cell.estimate is not None:
            yield row, column, cell, f"{points(abs(cell.estimate))} points {sized(cell)}"


def _scope(result: AnalysisResult) -> Iterator[str]:
    seeds = len(result.meta.seeds)
    if result.meta.speaks_of == "the recipe":
        marked = "; marked cells have one and speak of these checkpoints" if result.has_exceptions else ""
        yield f"{seeds} training seeds: the intervals speak of the recipe, a re-run of training included{marked}."
    elif not seeds and result.meta.planned is not None:
        yield "No training run has ended yet, so nothing is compared."
    else:
        yield "One training seed: the intervals speak of these checkpoints; nothing is said about a re-run of training."


def _training(result: AnalysisResult) -> Iterator[str]:
    cell = result.summary.mean_diagonal_transfer
    if cell.estimate is None:
        return
    amount = f"{points(cell.estimate, sign=True)} points {interval(cell)}"
    about = f" ({cell.caveat})" if cell.caveat else ""
    if cell.low is not None and cell.low > 0:
        yield f"Training on a domain raised that domain by {amount} on average{about}."
    elif cell.high is not None and cell.high < 0:
        yield f"Training on a domain lowered that domain by {amount} on average{about}."
    else:
        yield f"No effect of training on a domain on that domain itself is shown on average: {amount}{about}."


def _transfer(places: Sequence[Place]) -> Iterator[str]:
    for row, column, cell, amount in _shown(places):
        yield f"Training on {row} {'raises' if cell.word == 'gain' else 'lowers'} {column} by {amount}."


def _orders(places: Sequence[Place], effort: Mapping[str, RunEffort]) -> Iterator[str]:
    for _, column, cell, amount in _shown(places):
        first, second = cell.compares if cell.word == "gain" else tuple(reversed(cell.compares))
        yield f"{first} beats {second} on {column} by {amount}{steps_apart(effort, (first, second))}."


def _changes(places: Sequence[Place], effort: Mapping[str, RunEffort], words: str) -> Iterator[str]:
    for row, column, cell, amount in _shown(places):
        direction = "higher" if cell.word == "gain" else "lower"
        found = words.format(row=row, column=column, amount=amount, direction=direction, other=cell.compares[1])
        yield f"{found}{steps_apart(effort, cell.compares)}."


def _mixtures(places: Sequence[Place], effort: Mapping[str, RunEffort]) -> Iterator[str]:
    """One sentence a mixture and direction: a grid has many of them."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for row, column, cell, amount in _shown(places):
        apart = steps_apart(effort, cell.compares)
        if cell.word == "gain":
            found.setdefault((row, "beats every order", apart), []).append(f"on {column} by at least {amount}")
        else:
            found.setdefault((row, "is beaten by one of its orders", apart), []).append(f"on {column} by {amount}")
    for (row, verb, apart), where in found.items():
        yield f"{row} {verb} {', '.join(where)}{apart}."


def _quiet(places: Sequence[Place], what: str, name: str, margin: float | None) -> Iterator[str]:
    quiet = [
        (name.format(row=row, column=column), cell) for row, column, cell in places if cell.word == "no effect shown"
    ]
    cells = count(len(places), "cell")
    if quiet:
        open_ = not_ruled_out(quiet, "effects")
        yield f"No effect is shown in {len(quiet)} of {cells} of {what}{open_}."
    within = sum(bool(cell.equivalent) for _, _, cell in places)
    if margin is not None and any(cell.equivalent is not None for _, _, cell in places):
        yield f"{within} of {cells} of {what} are equivalent within {100 * margin:g} points."


def _best(result: AnalysisResult) -> Iterator[str]:
    for best in result.summary.best:
        names = _names(best.candidates, result.effort)
        leading = names[best.leading]
        about = f" ({best.margin.caveat})" if best.margin.caveat else ""
        if len(best.not_beaten) == 1 and best.margin.estimate is not None:
            # Every other loses to some run; that one run beats each of them says the simultaneous margin alone.
            clear = best.margin.low is not None and best.margin.low > 0
            words = "beats all others, the next" if clear else "alone is not beaten; it leads the next"
            apart = steps_apart(result.effort, best.margin.compares)
            amount = f"{points(best.margin.estimate)} points {sized(best.margin)}{apart}"
            yield f"{best.group}, on {best.domain}: {leading} {words} by {amount}{about}."
        else:
            unbeaten = "; ".join(names[label] for label in best.not_beaten)
            yield f"{best.group}, on {best.domain}: not beaten are {unbeaten}{about}."


def _names(candidates: Sequence[str], effort: Mapping[str, RunEffort]) -> dict[str, str]:
    """Runs by their labels; by their strategies where all are of the one curriculum that the group names."""
    known = {label: effort[label] for label in candidates if label in effort}
    if len(known) < len(candidates) or len({run.curriculum for run in known.values()}) > 1:
        return {label: label for label in candidates}
    return {label: run.strategy or label for label, run in known.items()}


def _missing(result: AnalysisResult) -> Iterator[str]:
    if result.meta.missing:
        yield f"{len(result.meta.missing)} planned evaluations are missing; cells that need them are blank."
