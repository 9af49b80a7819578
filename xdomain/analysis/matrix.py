"""Matrices and their cells.

Estimates are fractions (0.155 is 15.5 points) unless a matrix names another unit. A missing value is null, never 0 or
NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import pandas as pd

Word = Literal["gain", "loss", "effect shown", "no effect shown"]
"""Conclusion by the adjusted p. "effect shown" is for sizes without a sign. Null if nothing was tested."""

OPPOSITE: dict[Word, Word] = {
    "gain": "loss",
    "loss": "gain",
    "no effect shown": "no effect shown",
    "effect shown": "effect shown",
}
"""The conclusion of the same comparison with its sides exchanged."""

SpeaksOf = Literal["these checkpoints", "the recipe"]
"""Inference scope of an interval. One seed does not cover a re-run of training."""

Unit = Literal["fraction", "ratio", "logit", "odds ratio"]


Direction = Literal["difference", "size", "harm", "level"]
"""More is better; a size without a sign; more is worse; a level, to which no centre belongs."""

Section = Literal["accuracy", "main", "further"]
"""The accuracies, which have a separate table; matrices that every format shows; the appendix."""


class ResultModel(BaseModel):
    """A frozen model that refuses unknown keys, NaN and infinity, which JSON cannot represent."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        allow_inf_nan=False,
        ser_json_inf_nan="null",
    )


class Cell(ResultModel):
    """One number with its interval. If it could not be computed, `estimate` is null and `note` gives the reason."""

    estimate: float | None = None
    low: float | None = None
    """Lower end of the 95% interval (unadjusted, cut at the smallest possible value).

    It is also null if the interval is unbounded, which `note` says.
    """
    high: float | None = None
    n_items: int | None = None
    """Number of items that every compared checkpoint has a verdict on (of both tests together if two are compared)."""
    n_seeds: int | None = None
    p: float | None = None
    """Two-sided p of "no effect"; null if nothing was tested."""
    p_adjusted: float | None = None
    """p adjusted within the matrix's family, see `Matrix.family`."""
    word: Word | None = None
    seed_sd: float | None = None
    """Standard deviation of this contrast between its seeds, not pooled with others; null with one seed."""
    speaks_of: SpeaksOf | None = None
    """Inference scope.

    It is null without a number, and for the base model among several seeds, which involves no training.
    """
    p_equivalent: float | None = None
    """p of two one-sided tests of "the size of the effect is at least the margin"; null without a margin."""
    equivalent: bool | None = None
    """True if that p, adjusted like `p_adjusted`, is at most 0.05; null if it was not tested.

    It never replaces `word`: an effect can be shown and also be smaller than the margin.
    """
    standard_error: float | None = None
    """Standard error of a tested estimate; null unless its interval, before it is cut, is symmetric about it."""
    degrees: float | None = None
    """Degrees of freedom of the t distribution that belongs to `standard_error`."""
    smallest_detectable: float | None = None
    """Minimum detectable effect: the smallest effect that this design would show in 80% of repetitions, unadjusted."""
    compares: tuple[str, ...] = ()
    """Labels of the compared runs, the first against the others; keys of `AnalysisResult.effort`."""
    note: str = ""
    """Sentence that says why a value is missing or special."""
    caveat: str = ""
    """Reason why the interval may cover less than it seems to (seeds or items left out, seeds that differ unusually).

    Every format marks the cell and prints the caveat.
    """

    @property
    def opposite_word(self) -> Word | None:
        """The conclusion of the same comparison with its sides exchanged."""
        return OPPOSITE[self.word] if self.word else None

    def negated(self) -> Cell:
        """Return the same comparison with its sides exchanged."""
        turned = {
            "estimate": None if self.estimate is None else -self.estimate,
            "low": None if self.high is None else -self.high,
            "high": None if self.low is None else -self.low,
            "word": self.opposite_word,
            "compares": tuple(reversed(self.compares)),
        }
        return self.model_copy(update=turned)


class Matrix(ResultModel):
    """A table of cells.

    A pair (row, column) that is absent from `cells` is undefined by the matrix's definition. A defined pair that was
    not measured has a cell with a null estimate and a note.
    """

    name: str
    """Key in `AnalysisResult.matrices`."""
    title: str
    definition: str
    """Definition of a cell, in words and symbols."""
    source: str
    """Paper that the definition comes from, or "ours"."""
    unit: Unit = "fraction"
    centre: float | None = 0.0
    """Value that means no effect (0, or 1 for ratios); null if there is none (accuracies)."""
    row_meaning: str
    column_meaning: str = "evaluated domain"
    speaks_of: SpeaksOf | None = None
    """Inference scope of its intervals. A cell with another scope is an exception and is not tested."""
    family: str = "not tested"
    """Method by which p was adjusted, and the cells that it was adjusted over."""
    margin: float | None = None
    """Effects smaller than this count as equivalent (0.02 is 2 points); null if nothing was tested for equivalence."""
    section: Section = "further"
    """Section of a report that shows it."""
    question: str = ""
    """The question that the matrix answers."""
    hint: str = ""
    """The meaning of the colours."""
    direction: Direction = "difference"
    """Way in which an estimate is read."""
    column_directions: dict[str, Direction] = Field(default_factory=dict)
    """Columns that are read differently from the rest of the matrix."""
    mirrored: bool = False
    """True if (row, column) and (column, row) are one question, which is tested once."""
    limits: tuple[float, float] = (-1.0, 1.0)
    """Smallest and largest possible value, if estimates are differences in fractions. Intervals are cut there."""
    unbounded: tuple[str, ...] = ()
    """Columns whose values have no such limits."""
    square: tuple[str, str] | None = None
    """Meaning of rows and columns if the rows "A -> B" are drawn as a square; null if they never are."""
    numerator: str | None = None
    """Name of the matrix that holds the numerator of each ratio in the same row and column."""
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: dict[str, dict[str, Cell]] = Field(default_factory=dict)
    """`cells[row][column]`."""

    def cell(self, row: str, column: str) -> Cell | None:
        """Return the cell, or None if the definition leaves it out."""
        return self.cells.get(row, {}).get(column)

    def is_exception(self, cell: Cell) -> bool:
        """Return whether a cell has a narrower scope than the matrix: it has one seed while others have several."""
        return self.speaks_of is not None and cell.speaks_of not in (None, self.speaks_of)

    def direction_of(self, column: str) -> Direction:
        """Return the way in which one column is read."""
        return "level" if self.centre is None else self.column_directions.get(column, self.direction)

    def possible(self, column: str) -> tuple[float, float] | None:
        """Return the smallest and the largest possible value of a column; None if there are no such limits."""
        if self.unit != "fraction" or column in self.unbounded:
            return None
        return (0.0, 1.0) if self.direction_of(column) in {"level", "size"} else self.limits

    def frame(self, *, intervals: bool = False) -> pd.DataFrame:
        """Return the matrix as a data frame. A cell without an estimate is NaN.

        Args:
            intervals: True to return one row per defined cell, with `row`, `column` and the cell's fields (estimate,
                low, high, p, ...) as columns. By default the frame holds estimates only, in the shape of the matrix.
        """
        import pandas as pd

        if intervals:
            return pd.DataFrame(
                [
                    {"row": row, "column": column, **cell.model_dump()}
                    for row, columns in self.cells.items()
                    for column, cell in columns.items()
                ],
                columns=["row", "column", *Cell.model_fields],
            )
        values = {
            column: [cell.estimate if (cell := self.cell(row, column)) else None for row in self.rows]
            for column in self.columns
        }
        return pd.DataFrame(values, index=pd.Index(self.rows, name=self.row_meaning), dtype="float64")

    @property
    def has_margin(self) -> bool:
        """True if cells are differences of accuracies, to which a margin of equivalence applies."""
        return self.unit == "fraction" and self.centre == 0.0 and self.column_meaning != "metric"

    @property
    def has_exceptions(self) -> bool:
        return any(self.is_exception(cell) for columns in self.cells.values() for cell in columns.values())


class AnswerShape(ResultModel):
    """The shape of the answers behind an accuracy. Shares are shares of all samples, pooled over seeds."""

    n_samples: int
    wrong: float | None = None
    """Share of answers that have the right form but are wrong."""
    malformed: float | None = None
    truncated: float | None = None
    """Share that reached the length limit. They count as wrong and are not left out."""
    unscored: float | None = None
    """Share that the verifier could not judge. They are left out of the accuracy."""
    mean_tokens: float | None = None
    mean_entropy: float | None = None
    """Mean entropy in nats per token."""


class AccuracyMatrix(Matrix):
    """Accuracies with chance and the shape of the answers."""

    chance: dict[str, float | None]
    """Accuracy of constant or uniform guessing, keyed by domain; null if unknown."""
    answers: dict[str, dict[str, AnswerShape]]
    """Shape of the answers, `answers[row][column]`; absent without records."""
