"""Numbers of a diagnosis. This module loads no torch, so that commands and reports can import it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from xdomain.diagnosis.modules import Module


@dataclass(frozen=True)
class ModuleEdit:
    """How far a stage moved the weights of one module.

    Attributes:
        module: The module; None for the whole model.
        entries: Number of entries in its weights.
        norm: Euclidean length of the change.
        relative: The length divided by that of the parent's weights; None if those are 0.
        changed: Share of entries whose stored value differs from the parent's; None for an adapter, whose product
            changes every entry of the weights that it is on.
        effective_rank: Mean over changed matrices of the exponential of the entropy of their squared singular values;
            None if it was not measured.
    """

    module: Module | None
    entries: int
    norm: float
    relative: float | None
    changed: float | None
    effective_rank: float | None = None


@dataclass(frozen=True)
class StageEdits:
    """A stage's change of the weights.

    Attributes:
        stage: Title of the checkpoint at the end of the change.
        parent: Title of the checkpoint at its start.
        format: "full", or "adapter" if the change is a LoRA adapter's product.
        dtype: Torch dtype name of the stored weights. The share of changed entries depends on it.
        total: The whole model; for an adapter, all weights that it is on.
        modules: The modules that could change, in the order of the forward pass.
    """

    stage: str
    parent: str
    format: str
    dtype: str
    total: ModuleEdit
    modules: tuple[ModuleEdit, ...]


@dataclass(frozen=True)
class Overlap:
    """How far the changes of two stages agree in one module.

    Attributes:
        module: The module; None for the whole model.
        cosine: Cosine of the two changes.
        shared_rows: Number of rows that are among the most changed rows of both. A row is one output of a weight
            matrix; of a vector, it is one entry.
        jaccard: Shared rows divided by rows in either set; None without a row that could be compared.
        jaccard_by_chance: The same for the expected number of shared rows of random sets of these sizes.
        deviations: Distance of `shared_rows` from chance in hypergeometric standard deviations; None if there is no
            choice, because every row is in the sets.
    """

    module: Module | None
    cosine: float | None
    shared_rows: int
    jaccard: float | None
    jaccard_by_chance: float | None
    deviations: float | None


@dataclass(frozen=True)
class StagePair:
    """Agreement of the changes of two stages.

    Attributes:
        first: Title of one checkpoint.
        second: Title of the other.
        share: Share of a weight's rows that count as most changed.
        total: The whole model.
        modules: Modules that both stages changed.
    """

    first: str
    second: str
    share: float
    total: Overlap
    modules: tuple[Overlap, ...]


@dataclass(frozen=True)
class Divergence:
    """KL divergence of a stage's end from its parent along completions of the end, in nats.

    Attributes:
        per_completion: Mean over completions of the sum over tokens.
        per_token: Mean over all completion tokens.
        completions: Number of completions.
        temperature: Temperature at which they were drawn. The divergence is that of the models at temperature 1.
    """

    per_completion: float
    per_token: float
    completions: int
    temperature: float


@dataclass(frozen=True)
class LinePoint:
    """A model on the line from parent to end.

    Attributes:
        share: Share of the change that is added to the parent.
        log_likelihood: Mean log-likelihood of the parent's own right completions, in nats per completion.
    """

    share: float
    log_likelihood: float


@dataclass(frozen=True)
class LineScan:
    """The log-likelihood of right completions along the line from parent (0) to end (1), in nats per completion.

    Attributes:
        points: Measured points.
        slope: Slope at the parent, the first-order prediction of the change.
        curvature: Second derivative at the parent.
        predicted_change: Slope plus half the curvature.
        change: Measured change from parent to end.
    """

    points: tuple[LinePoint, ...]
    slope: float
    curvature: float
    predicted_change: float
    change: float


@dataclass(frozen=True)
class ModuleScore:
    """A module's part in the change of the log-likelihood of right completions.

    Attributes:
        module: The module.
        score: Integrated gradient over its weights, in nats per completion. Negative scores are damage.
        reset: Rise of the log-likelihood if only this module is reset to the parent; None if it was not tried.
    """

    module: Module
    score: float
    reset: float | None


@dataclass(frozen=True)
class Attribution:
    """Modules that carry the change of the log-likelihood of right completions, in nats per completion.

    Attributes:
        points: Number of points on the line at which gradients were measured.
        change: Measured change from parent to end.
        total: Sum of all scores, which should equal the change.
        complete: Whether it does within 5% or 0.005 nats. If not, do not use the scores.
        modules: Every module that the stage changed, in the order of the forward pass.
        rank_correlation: Spearman's correlation of the scores with the effects of the resets; None for fewer than
            three resets.
    """

    points: int
    change: float
    total: float
    complete: bool
    modules: tuple[ModuleScore, ...]
    rank_correlation: float | None


@dataclass(frozen=True)
class DomainEffect:
    """Effect of a stage on a domain.

    Attributes:
        stage: Title of the checkpoint after the stage.
        domain: Name of the domain.
        accuracy_before: Mean score of the parent's stored completions.
        accuracy_after: Mean score of the end's stored completions of the same items; None if there are none.
        right_completions: Number of the parent's own right completions that line scan and attribution use, one per
            item.
        divergence: KL divergence of the end from the parent; None without stored completions of the end.
        line: Line scan.
        attribution: Attribution of the change to modules.
    """

    stage: str
    domain: str
    accuracy_before: float | None
    accuracy_after: float | None
    right_completions: int
    divergence: Divergence | None
    line: LineScan
    attribution: Attribution


@dataclass(frozen=True)
class Diagnosis:
    """Result of `diagnose`.

    Attributes:
        edits: Change of each stage.
        pairs: Agreement of each pair of stages.
        effects: Effect of each stage on each domain; () if no domain was named.
    """

    edits: tuple[StageEdits, ...]
    pairs: tuple[StagePair, ...]
    effects: tuple[DomainEffect, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the diagnosis as plain JSON, as `xdomain diagnose --json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class DomainGradient:
    """Gradient of a domain at a checkpoint.

    Attributes:
        domain: Name of the domain.
        completions: Number of right completions that it was measured on.
        norm: Euclidean length of the gradient, in nats per completion and unit of weight.
        reliability: Split-half reliability, from 0 to 1: the cosine that two such gradients of fresh completions would
            have. 0 if the halves do not agree at all.
    """

    domain: str
    completions: int
    norm: float
    reliability: float


@dataclass(frozen=True)
class GradientCosine:
    """Agreement of the gradients of two domains.

    Attributes:
        first: Name of one domain.
        second: Name of the other.
        cosine: Cosine of the measured gradients, which noise pulls towards 0; None if one of them is 0.
        without_noise: Cosine divided by the square root of both reliabilities, an estimate for endless completions;
            None if a reliability is 0. It can exceed 1.
    """

    first: str
    second: str
    cosine: float | None
    without_noise: float | None


@dataclass(frozen=True)
class Probe:
    """Result of `probe`.

    Attributes:
        checkpoint: Title of the checkpoint.
        gradients: Gradient of each domain.
        cosines: Agreement of each pair of domains.
    """

    checkpoint: str
    gradients: tuple[DomainGradient, ...]
    cosines: tuple[GradientCosine, ...]

    def document(self) -> dict[str, Any]:
        """Return the probe as plain JSON, as `xdomain probe --json` prints it."""
        return asdict(self)
