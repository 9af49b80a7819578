"""Published form of an observational study: `analyse_pairs` returns it, `report` renders it, `--json` prints it."""

from __future__ import annotations

from pydantic import Field

from xdomain.analysis.result import AccuracyMatrix, Cell, Matrix, ResultModel

STATEMENTS = (
    "Intervals cover these models on other items, not another training of the tuned model.",
    "The odds ratio treats both models' answers to one item as independent, as 2506.19733 does; the gain's interval "
    "pairs them and is more reliable.",
    "Intervals are unadjusted; conclusions follow p adjusted over pairs.",
    "Pairs differ in base, data and algorithm, and share bases: a mean over pairs describes these pairs.",
)


class PairResult(ResultModel):
    """The result of a study. Its attributes are in the order of a report."""

    study: str
    trained_on: dict[str, tuple[str, ...]]
    """Groups that each pair was trained on, keyed by pair."""
    groups: dict[str, tuple[str, ...]]
    """Benchmarks of each group, keyed by group."""
    items: dict[str, int]
    """Number of evaluated items, keyed by benchmark."""
    models: dict[str, tuple[str, str]]
    """Base and tuned model of each pair, keyed by pair."""
    accuracy: AccuracyMatrix
    gain: Matrix
    mean_gain: dict[str, Cell]
    """Mean over pairs of each column of `gain`, with pairs as units."""
    odds_ratio: Matrix
    templates: dict[str, str] = Field(default_factory=dict)
    """Chat template of each model, if models were queried with different ones."""
    statements: tuple[str, ...] = STATEMENTS
