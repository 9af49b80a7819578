"""The published shape of an observational study: what `analyse_pairs` returns, `report` renders and `--json` prints."""

from __future__ import annotations

from pydantic import Field

from xdomain.analysis.result import AccuracyMatrix, Cell, Matrix, ResultModel

STATEMENTS = (
    "Intervals speak about these models: they cover other items, not another training of the tuned model.",
    "The odds ratio treats both models' answers to one item as independent, as 2506.19733 does; the gain's interval "
    "pairs them and is the one to trust.",
    "Intervals are unadjusted; words follow p adjusted over pairs.",
    "Pairs differ in base, data and algorithm, and share bases: a mean over pairs describes these pairs.",
)


class PairResult(ResultModel):
    """What became of a study.

    Attributes come in the order of a report.
    """

    study: str
    trained_on: dict[str, tuple[str, ...]]
    """Groups by pair."""
    groups: dict[str, tuple[str, ...]]
    """Benchmarks by group."""
    items: dict[str, int]
    """Evaluated items by benchmark."""
    models: dict[str, tuple[str, str]]
    """Base and tuned model by pair."""
    accuracy: AccuracyMatrix
    gain: Matrix
    mean_gain: dict[str, Cell]
    """Mean over pairs of each column of `gain`, pairs as units."""
    odds_ratio: Matrix
    templates: dict[str, str] = Field(default_factory=dict)
    """Chat template by model, where the models were asked through different ones."""
    statements: tuple[str, ...] = STATEMENTS
