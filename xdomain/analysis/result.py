"""The published shape of an analysis: what `analyse` returns, `report` renders and `--format json` prints.

Estimates are fractions (0.155 is 15.5 points) unless a matrix names another unit. A missing value is
null, never 0 or NaN.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RESULT_SCHEMA_VERSION = 1

Word = Literal["gain", "loss", "effect shown", "no effect shown"]
"""Follows the adjusted p; "effect shown" is for sizes without a sign. Null where nothing was tested."""

SpeaksOf = Literal["these checkpoints", "the recipe"]
"""What an interval speaks about: one seed says nothing about a re-run of training."""

Standing = Literal["for any pairing", "if answers are independent", "not beyond noise"]
"""Under which bound of its error a published effect exceeds 1.96 standard errors."""

Unit = Literal["fraction", "ratio", "logit", "odds ratio"]


class ResultModel(BaseModel):
    """Frozen, refuses unknown keys, and holds no NaN or infinity, which JSON cannot carry."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, ser_json_inf_nan="null"
    )


class Cell(ResultModel):
    """One number with its interval. A cell that could not be computed has `estimate` null and says why in `note`."""

    estimate: float | None = None
    low: float | None = None
    """Lower end of the 95% interval (unadjusted); null also where the interval is unbounded, which `note` says."""
    high: float | None = None
    n_items: int | None = None
    """Items that every compared checkpoint has a verdict on (both tests together where two are compared)."""
    n_seeds: int | None = None
    p: float | None = None
    """Two-sided p of "no effect"; null where nothing was tested."""
    p_adjusted: float | None = None
    """Adjusted within the matrix's family, see `Matrix.family`."""
    word: Word | None = None
    seed_sd: float | None = None
    """Standard deviation of this contrast between seeds (its own, not the pooled one); null with one seed."""
    speaks_of: SpeaksOf | None = None
    """Null without a number, and for the base alone among several seeds: no training is in it."""
    p_equivalent: float | None = None
    """p of two one-sided tests of "the effect is at least the margin in size"; null without a margin."""
    equivalent: bool | None = None
    """Whether that p, adjusted like `p_adjusted`, is at most 0.05; null if it was not tested. It never replaces `word`:
    an effect can be shown and also be smaller than the margin."""
    standard_error: float | None = None
    """Standard error of a tested estimate whose interval is symmetric about it; null elsewhere."""
    degrees: float | None = None
    """Degrees of freedom of the t distribution that belongs to `standard_error`."""
    smallest_detectable: float | None = None
    """Smallest effect that this cell's design would have shown in 80% of repetitions, unadjusted."""
    compares: tuple[str, ...] = ()
    """Labels of the compared runs, the first against the others; keys of `AnalysisResult.effort`."""
    note: str = ""
    """Why a value is missing or special, a sentence."""
    caveat: str = ""
    """Why the interval may say less than it seems to (seeds or items left out, seeds that differ unusually); every
    format marks the cell and prints it."""


class Matrix(ResultModel):
    """A table of cells. A pair (row, column) absent from `cells` is undefined by the matrix's definition;
    one that is defined but was not measured is there with a null estimate and a note."""

    name: str
    """Key in the result, and the function name in gates and contrasts."""
    title: str
    definition: str
    """What a cell is, in words and symbols."""
    source: str
    """The paper a definition comes from, or "ours"."""
    unit: Unit = "fraction"
    centre: float | None = 0.0
    """The value that means no effect (0, or 1 for ratios); null where there is none (accuracies)."""
    row_meaning: str
    column_meaning: str = "evaluated domain"
    speaks_of: SpeaksOf | None = None
    """What its intervals speak about; a cell that says otherwise is an exception, and is not tested."""
    family: str = "not tested"
    """How p was adjusted and over which cells."""
    margin: float | None = None
    """Effects smaller than this count as equivalent (0.02 is 2 points); null if nothing was tested for equivalence."""
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: dict[str, dict[str, Cell]] = Field(default_factory=dict)
    """`cells[row][column]`."""

    def cell(self, row: str, column: str) -> Cell | None:
        """The cell, or None where the definition leaves it out."""
        return self.cells.get(row, {}).get(column)

    def is_exception(self, cell: Cell) -> bool:
        """Whether a cell speaks of less than the matrix does: it has one seed where others have several."""
        return self.speaks_of is not None and cell.speaks_of not in (None, self.speaks_of)

    @property
    def has_margin(self) -> bool:
        """Whether cells are differences of accuracies, to which a margin of equivalence applies."""
        return self.unit == "fraction" and self.centre == 0.0 and self.column_meaning != "metric"

    @property
    def has_exceptions(self) -> bool:
        return any(self.is_exception(cell) for columns in self.cells.values() for cell in columns.values())


class AnswerShape(ResultModel):
    """What stands beside an accuracy. Shares are of all samples, pooled over seeds."""

    n_samples: int
    wrong: float | None = None
    """Share with an answer of the right form that is wrong."""
    malformed: float | None = None
    truncated: float | None = None
    """Share that ran into the length limit; counted wrong, not left out."""
    unscored: float | None = None
    """Share that the verifier could not judge; left out of the accuracy."""
    mean_tokens: float | None = None
    mean_entropy: float | None = None
    """Nats a token."""


class AccuracyMatrix(Matrix):
    """Accuracies with chance and the shape of the answers beside them."""

    chance: dict[str, float | None]
    """Accuracy of a constant or uniform answer by domain; null where unknown."""
    answers: dict[str, dict[str, AnswerShape]]
    """`answers[row][column]`, absent where there is no record."""


class TrajectoryPoint(Cell):
    """Accuracy of one saved checkpoint."""

    total_steps: int
    """Optimizer steps since the base."""
    phase: int
    """1-based; 0 is the base."""
    phase_step: int
    """Optimizer steps inside the phase."""


class Trajectory(ResultModel):
    """Accuracy on one domain along one curriculum, base and earlier phases included."""

    curriculum: str
    domain: str
    phase_ends: tuple[int, ...]
    """Total steps at which each phase ends."""
    points: tuple[TrajectoryPoint, ...]


class RunEffort(ResultModel):
    """What was spent from the base to the end of a run; means over seeds. Null = not recorded."""

    steps: float | None = None
    prompts: float | None = None
    completion_tokens: float | None = None
    informative_groups: float | None = None
    """Prompt groups whose rewards were not all equal; only these carry gradient."""
    seconds: float | None = None
    """Wall time of the training steps, rollouts included, on the machine that ran them."""
    curriculum: str
    """Its text without the strategy; the label of the base and of a model by name."""
    strategy: str | None = None
    phases: tuple[str, ...] = ()
    """The phases of the curriculum; empty for the base and for a model by name."""
    parent: str | None = None
    """Label of the run that its last phase started from; null for the base."""
    checkpoints: dict[str, str]
    """Checkpoint name by seed ("" for the base and for a model by name, which have none)."""


class EndCheckpoint(ResultModel):
    """One end checkpoint of a run by itself; counts are from the base to it, null = not recorded."""

    name: str
    run: str
    """Label of its run, a key of `AnalysisResult.effort`."""
    seed: int | None = None
    """Null for the base."""
    accuracy: dict[str, Cell] = Field(default_factory=dict)
    """By evaluated domain; intervals speak of this checkpoint."""
    steps: int | None = None
    prompts: int | None = None
    completion_tokens: int | None = None
    informative_groups: int | None = None
    seconds: float | None = None
    """Wall time of the training steps, on the machine that ran them."""


class StrategyCost(ResultModel):
    """What one strategy cost in its last phase; means over seeds, null = not recorded. Ratios are to the reference."""

    run: str
    strategy: str
    seconds_per_step: float | None = None
    """Wall time on the machine that ran it, whatever else it did."""
    processor_seconds_per_step: float | None = None
    """Processor time without the rollout, which other work on the machine hardly changes; of a GPU's work it says
    little."""
    tokens_per_step: float | None = None
    displacement: float | None = None
    """Euclidean length of the change of all weights from the parent."""
    seconds_ratio: Cell
    processor_seconds_ratio: Cell = Cell()
    displacement_ratio: Cell
    """Geometric mean over seeds, t interval; empty for the reference itself."""
    moves: Literal["farther", "less far"] | None = None
    """Than the reference: the interval of `displacement_ratio` leaves out 1, and the ratio is beyond a tenth. Null
    where it is not shown."""
    matched: str | None = None
    """The joint arm that moves as far (within a tenth): what such a strategy has to be compared with."""


class StrategyGradients(ResultModel):
    """The domains' gradients in the last phase of a run; means over its steps, then over seeds, null = not recorded."""

    run: str
    steps: int
    """Steps that telemetry looked at, over all seeds."""
    cosine: dict[str, float | None]
    """Mean cosine of each pair "a|b" of gradients."""
    conflicting: float | None
    """Share of the measured cosines that are negative."""
    gradient_share: dict[str, float | None]
    """Part of each domain in the rollouts' sum of |advantage| x tokens; groups without variance add nothing to it."""


class StrategyComparison(ResultModel):
    """The strategies of one curriculum side by side, in plan order, not ranked."""

    curriculum: str
    reference: str
    """Label of the run that the others are compared with."""
    costs: tuple[StrategyCost, ...]
    gradients: tuple[StrategyGradients, ...] = ()
    """In the same order."""


class Turnover(ResultModel):
    """Items gained and lost against the parent; "beyond sampling" takes off what two samplings of one would churn."""

    gained: Matrix
    lost: Matrix
    gained_beyond_sampling: Matrix
    lost_beyond_sampling: Matrix


class ItemChange(ResultModel):
    """One item that a phase gained or lost, for the item browser."""

    run: str
    parent: str
    domain: str
    item_id: str
    change: Literal["gained", "lost"]
    before: float
    """Mean score of the parent's samples, over seeds."""
    after: float
    prompt: str | None = None
    """What was asked, its middle left out where it is long; null where the domain's data is not here."""
    quoted_seed: int | None = None
    """Training seed of the checkpoints whose completions are quoted; null where there is but one."""
    gold: str | None = None
    completion_before: str | None = None
    """One sample, cut; hostile text: escape it."""
    completion_after: str | None = None


class BestSet(ResultModel):
    """Which runs are not beaten on a domain, by multiple comparisons with the best (95% jointly)."""

    domain: str
    group: str
    """What is compared, "every curriculum" or "strategies for math + science"."""
    candidates: tuple[str, ...]
    not_beaten: tuple[str, ...]
    leading: str
    """The largest mean; not "the best" unless it stands alone in `not_beaten`."""
    margin: Cell
    """Leading minus the best of the others."""


class DeclaredContrast(ResultModel):
    """A contrast that the experiment declared before it ran; Holm over all declared ones."""

    contrast: str
    cell: Cell


class PublishedEffect(ResultModel):
    """A difference of two published accuracies."""

    name: str
    """ "order(math, science) on science"."""
    matrix: str
    effect: float
    n_items: int
    error_any_pairing: float
    """Largest standard error, however the items go together."""
    error_independent: float
    """Bound of the standard error if answers are independent."""
    stands: Standing
    """Taken alone: |effect| exceeds 1.96 standard errors under this bound, not adjusted for the other effects."""
    stands_adjusted: Standing
    """The same by the p adjusted within the effect's matrix, as words of the matrices are."""
    seed_sd_to_undo: float | None
    """Standard deviation of one run between seeds at which 1.96 errors of the difference reach the effect, under the
    bound by which it stands alone; null where it does not stand."""
    own: Cell | None = None
    """The same quantity in this result; null where it has none."""


class PublishedStudy(ResultModel):
    """A published study beside this result."""

    name: str
    source: str
    effects: tuple[PublishedEffect, ...]
    contradictions: tuple[str, ...] = ()
    """Where what is printed or plotted does not follow from the published accuracies, a sentence each."""
    notes: tuple[str, ...] = ()
    """Further facts about the study, one sentence per entry: seeds, cost, what its code does."""


class Summary(ResultModel):
    """The few numbers that say what happened."""

    mean_diagonal_transfer: Cell
    """Mean over domains of transfer(d on d): did training train?"""
    mean_cross_transfer: Cell
    """Mean over ordered pairs of different domains of transfer(A on d)."""
    mean_retention: Cell
    """Mean over ordered pairs of retention(A -> B)."""
    mean_plasticity: Cell
    shown: dict[str, int] = Field(default_factory=dict)
    """Cells with an effect shown (adjusted), by matrix."""
    tested: dict[str, int] = Field(default_factory=dict)
    """Cells tested, by matrix."""
    best: tuple[BestSet, ...] = ()


class Meta(ResultModel):
    """Where the numbers come from and what they speak about."""

    schema_version: int = RESULT_SCHEMA_VERSION
    experiment: str
    model: str
    domains: tuple[str, ...]
    curricula: tuple[str, ...]
    seeds: tuple[int, ...]
    budget: str
    confidence: float = 0.95
    margin: float | None = None
    """Differences of accuracy that the experiment calls too small to matter; null if it states no margin."""
    speaks_of: SpeaksOf | None = None
    statements: tuple[str, ...] = ()
    """Words that every format carries: what intervals speak of, what is unadjusted, what was left out."""
    missing: tuple[str, ...] = ()
    """Planned evaluations that are not there."""
    planned: int | None = None
    """Planned evaluations, those that are not there among them; null where nothing was planned."""
    templates: dict[str, str] = Field(default_factory=dict)
    """Chat template by model, where the models that are compared were asked through different ones."""
    items: dict[str, int] = Field(default_factory=dict)
    """Test items by domain (the most of any checkpoint)."""
    samples: dict[str, int] = Field(default_factory=dict)
    """Samples an item by domain (the fewest of any checkpoint)."""
    description: dict[str, Any] = Field(default_factory=dict)


class AnalysisResult(ResultModel):
    """Everything that `analyse` found."""

    accuracy: AccuracyMatrix
    change: Matrix
    """Every run against the base, on every domain."""
    transfer: Matrix
    relative_transfer: Matrix
    asymmetry: Matrix
    asymmetry_logit: Matrix
    asymmetry_relative: Matrix
    order_effect: Matrix
    order_sensitivity: Matrix
    permutation_range: Matrix
    retention: Matrix
    plasticity: Matrix
    refresh: Matrix
    """What a return to an earlier domain brings back."""
    mix_gain: Matrix
    mix_gain_over_single: Matrix
    strategy_effect: Matrix
    """Every strategy of a mixed curriculum against joint."""
    strategy_matched: Matrix
    """Strategies that move farther or less far than joint against joint at the rate at which it moves as far."""
    sequence: Matrix
    trajectories: tuple[Trajectory, ...]
    turnover: Turnover
    odds_ratio: Matrix
    odds_ratio_paired: Matrix
    """The paired difference over the same domains as the odds ratio beside it."""
    pass_at_k: tuple[Matrix, ...]
    """pass@k for growing k, and maj@n where records hold answers."""
    strategies: tuple[StrategyComparison, ...] = ()
    """What the strategies of each mixed curriculum cost."""
    contrasts: tuple[DeclaredContrast, ...]
    references: tuple[PublishedStudy, ...] = ()
    effort: dict[str, RunEffort]
    checkpoints: tuple[EndCheckpoint, ...] = ()
    """Every end checkpoint by itself."""
    items: tuple[ItemChange, ...]
    summary: Summary
    sentences: tuple[str, ...]
    """The findings in words; only what the intervals allow."""
    meta: Meta

    def matrices(self) -> dict[str, Matrix]:
        """Every matrix by name, in the order of a report."""
        found = {name: value for name in type(self).model_fields if isinstance(value := getattr(self, name), Matrix)}
        for part in Turnover.model_fields:
            matrix: Matrix = getattr(self.turnover, part)
            found[matrix.name] = matrix
        return found | {matrix.name: matrix for matrix in self.pass_at_k}

    @property
    def has_exceptions(self) -> bool:
        """Whether some cell speaks of less than `meta.speaks_of` says."""
        return any(matrix.has_exceptions for matrix in self.matrices().values())


def result_schema() -> dict[str, Any]:
    """JSON schema of the JSON export."""
    return AnalysisResult.model_json_schema(mode="serialization")
