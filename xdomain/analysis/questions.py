"""The questions of a report: the cells that answer each, and the words for one shown effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdomain.analysis.amounts import interval, not_ruled_out, sized, steps_apart
from xdomain.analysis.result import AnalysisResult, Cell, Finding, Matrix, RunEffort
from xdomain.core.number_text import points
from xdomain.core.words import count

LARGEST_NAMED = 3
"""Number of effects that an answer names before it counts the rest."""


@dataclass(frozen=True)
class Place:
    """One cell with its row and column."""

    row: str
    column: str
    cell: Cell

    @property
    def amount(self) -> str:
        """Size of the effect with its interval."""
        return f"{points(abs(self.cell.estimate or 0.0))} points {sized(self.cell)}"

    @property
    def direction(self) -> str:
        return "higher" if self.cell.word == "gain" else "lower"


@dataclass(frozen=True)
class Question:
    """One question that a matrix answers.

    Attributes:
        subject: Subject of the answer, such as "An order effect".
        quantity: Name of one cell, such as "order({row}) on {column}".
        effect: Function that returns the words for one shown effect, without the steps of its sides.
        signed: True if a gain is good and a loss is bad, so that the answer counts them.
        own_domain: True if cells of a domain on itself belong to the question.
    """

    name: str
    title: str
    matrix: str
    subject: str
    quantity: str
    effect: Callable[[Place], str]
    is_main: bool = True
    signed: bool = True
    own_domain: bool = True

    def places(self, matrix: Matrix | None) -> list[Place]:
        """Return the cells that the question covers, measured or not."""
        cells = {} if matrix is None else matrix.cells
        found = [Place(row, column, cell) for row, columns in cells.items() for column, cell in columns.items()]
        return [place for place in found if self.own_domain or place.row != place.column]


def _transfer(place: Place) -> str:
    verb = "raises" if place.cell.word == "gain" else "lowers"
    return f"training on {place.row} {verb} {place.column} by {place.amount}"


def _order(place: Place) -> str:
    first, second = place.cell.compares if place.cell.word == "gain" else tuple(reversed(place.cell.compares))
    return f"{first} beats {second} on {place.column} by {place.amount}"


def _retention(place: Place) -> str:
    return f"{place.row} leaves {place.column} {place.amount} {place.direction} than {place.cell.compares[1]} did"


def _mixture(place: Place) -> str:
    if place.cell.word == "gain":
        return f"{place.row} beats every order on {place.column} by at least {place.amount}"
    return f"{place.row} is beaten by one of its orders on {place.column} by {place.amount}"


def _ends(place: Place) -> str:
    return f"{place.row} ends {place.amount} {place.direction} on {place.column} than {place.cell.compares[1]}"


def _plasticity(place: Place) -> str:
    return f"{_ends(place)} alone"


QUESTIONS = (
    Question(
        "transfer", "Transfer", "transfer", "Transfer to another domain", "transfer({row} on {column})", _transfer,
        own_domain=False,
    ),
    Question("order", "Order", "order_effect", "An order effect", "order({row}) on {column}", _order, signed=False),
    Question(
        "retention", "Retention", "retention", "A change of an earlier domain", "retention({row}) on {column}",
        _retention,
    ),
    Question(
        "mixture", "Mixture", "mix_gain", "A difference between a mixture and the orders of its domains",
        "mix gain({row}) on {column}", _mixture,
    ),
    Question(
        "strategies", "Strategies", "strategy_effect", "A difference between a strategy and its reference",
        "{row} on {column}", _ends,
    ),
    Question(
        "plasticity", "Plasticity", "plasticity", "An effect of earlier phases on learning the last",
        "plasticity({row}) on {column}", _plasticity, is_main=False,
    ),
    Question(
        "refresh", "Refresh", "refresh", "An effect of a refresh", "refresh({row}) on {column}", _ends, is_main=False
    ),
)  # fmt: skip
"""Questions in the order of a report."""
COMPARISON = Question("change", "Change", "change", "A change from the base", "change({row}) on {column}", _ends)
"""Question for a comparison of models only."""


def answer(
    question: Question, places: Sequence[Place], result: AnalysisResult, details: Sequence[str] | None = None
) -> Finding:
    """Put the answer to one question into words.

    Args:
        places: Cells that the question covers, at least one.
        details: Details that replace the sentences about single effects.
    """
    tested = [place for place in places if place.cell.word is not None and place.cell.estimate is not None]
    found = [place for place in tested if place.cell.word != "no effect shown"]
    found.sort(key=lambda place: -abs(place.cell.estimate or 0.0))
    of_all = count(len(tested), "comparison")
    if found:
        signs = f" ({_signs(found)})" if question.signed else ""
        first = ", largest first" if len(found) > 1 else ""
        words = f"{question.subject} is shown in {len(found)} of {of_all}{signs}{first}: "
        words += _largest([question.effect(place) for place in found], _steps(found, result.effort))
    elif tested:
        subject = question.subject.removeprefix("An ").removeprefix("A ")
        words = f"{subject[0].upper()}{subject[1:]}: none shown in {len(tested)} of {of_all}"
        words += not_ruled_out([place.cell for place in tested])
    else:
        note = next((place.cell.note for place in places if place.cell.note), "")
        words = f"{question.title}: nothing was tested" + (f" ({note.rstrip('.')})" if note else "")
    words += _equivalent(tested, result.meta.margin) + _left_out(places, tested)
    return Finding(
        name=question.name,
        title=question.title,
        sentence=f"{words}.",
        shown=len(found),
        tested=len(tested),
        is_main=question.is_main,
        details=tuple(_details(question, found, tested, result.effort) if details is None else details),
    )


def _signs(found: Sequence[Place]) -> str:
    gains = sum(place.cell.word == "gain" for place in found)
    losses = len(found) - gains
    named = [(gains, "gain", "gains"), (losses, "loss", "losses")]
    return ", ".join(f"{number} {one if number == 1 else many}" for number, one, many in named if number)


def _steps(found: Sequence[Place], effort: Mapping[str, RunEffort]) -> list[str]:
    return [steps_apart(effort, place.cell.compares) for place in found]


def _largest(effects: Sequence[str], steps: Sequence[str]) -> str:
    """Join the largest effects; steps that all of them share are written once."""
    named, apart = effects[:LARGEST_NAMED], steps[:LARGEST_NAMED]
    shared = len(set(apart)) == 1
    parts = [*named] if shared else [f"{text}{unequal}" for text, unequal in zip(named, apart, strict=True)]
    if len(effects) > LARGEST_NAMED:
        parts.append(f"and {len(effects) - LARGEST_NAMED} more")
    return "; ".join(parts) + (apart[0] if shared else "")


def _details(
    question: Question, found: Sequence[Place], tested: Sequence[Place], effort: Mapping[str, RunEffort]
) -> Iterator[str]:
    for place, steps in zip(found, _steps(found, effort), strict=True):
        text = question.effect(place)
        text = f"T{text[1:]}" if text.startswith("training on ") else text
        yield f"{text}{steps}."
    quiet = [place for place in tested if place.cell.word == "no effect shown"]
    if quiet and found:
        open_ = not_ruled_out([place.cell for place in quiet])
        yield f"{question.title}: none shown in the other {count(len(quiet), 'comparison')}{open_}."
    yield from _alone(question, quiet)


def _alone(question: Question, quiet: Sequence[Place]) -> Iterator[str]:
    """Name the cells whose unadjusted interval excludes 0, though the adjusted p does not reach the level."""
    outside = [
        place for place in quiet if (place.cell.low or 0.0) > 0 or (place.cell.high is not None and place.cell.high < 0)
    ]
    for place in sorted(outside, key=lambda place: place.cell.p_adjusted or 0.0):
        name = question.quantity.format(row=place.row, column=place.column)
        value = f"{points(place.cell.estimate or 0.0, sign=True)} points {interval(place.cell)}"
        yield f"The unadjusted interval of {name} excludes 0: {value}; adjusted p {place.cell.p_adjusted:.2g}."


def _equivalent(tested: Sequence[Place], margin: float | None) -> str:
    if margin is None or all(place.cell.equivalent is None for place in tested):
        return ""
    within = sum(bool(place.cell.equivalent) for place in tested)
    return f"; {within} of {count(len(tested), 'comparison')} are equivalent within {100 * margin:g} points"


def _left_out(places: Sequence[Place], tested: Sequence[Place]) -> str:
    if not tested:
        return ""
    unmeasured = sum(place.cell.estimate is None for place in places)
    numbers = {"measured": unmeasured, "tested": len(places) - len(tested) - unmeasured}
    return "".join(
        f"; {number} more {'is' if number == 1 else 'are'} not {verb}" for verb, number in numbers.items() if number
    )
