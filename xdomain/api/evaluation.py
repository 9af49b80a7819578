"""Options and results of evaluating models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from xdomain.analysis.items import moved_items
from xdomain.analysis.result import AnalysisResult
from xdomain.api.model_runs import FailedEvaluation
from xdomain.plan.measurement import MeasuredGrid
from xdomain.store.trained_overlap import TrainedOverlap


@dataclass(frozen=True)
class EvaluationOptions:
    """How models are evaluated; the defaults are those of `xdomain eval`.

    Attributes:
        items: test items per domain.
        samples: completions per item.
        temperature: sampling temperature; 0 is greedy.
        top_p: probability mass of nucleus sampling.
        max_tokens: tokens of the longest completion.
        seed: seed that draws items and samples.
        backend: "transformers" or "vllm" for weights; None for the default. Endpoints are chosen by the model.
        settings: overrides as in `--set`.
        base_settings: overrides for the base model only, as in `--base-set`.
        threads: torch threads per worker.
        revision: revision of a hub model.
        allow_overlap: also evaluate on items that a checkpoint was trained on.
        with_text: also read completions and prompts into the result, which happens with several samples anyway.
    """

    items: int = 300
    samples: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int = 0
    backend: str | None = None
    settings: Sequence[str] = ()
    base_settings: Sequence[str] = ()
    threads: int = 1
    revision: str | None = None
    allow_overlap: bool = False
    with_text: bool = False

    def sections(self) -> dict[str, Any]:
        """Return the sections `evaluation` and `execution` of an experiment."""
        sampling = ("items", "samples", "temperature", "top_p", "seed")
        evaluation = {name: getattr(self, name) for name in sampling} | {"max_completion_tokens": self.max_tokens}
        return {"evaluation": evaluation, "execution": {"threads": self.threads}}


@dataclass(frozen=True)
class Evaluation:
    """Evaluated models side by side.

    Attributes:
        result: accuracies, and with a base model the paired differences from it.
        grid: the records and checkpoints that `result` was computed from.
        base: the base model as it was named; None without one.
        failed: evaluations without records; their cells in `result` say why.
        trained_on: evaluated items that a checkpoint was trained on, where that was allowed.
        generation: how the completions of each evaluation were generated.
    """

    result: AnalysisResult
    grid: MeasuredGrid
    base: str | None = None
    failed: tuple[FailedEvaluation, ...] = ()
    trained_on: tuple[TrainedOverlap, ...] = ()
    generation: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def records(self) -> pd.DataFrame:
        """One row per evaluated item and sample."""
        return self.grid.records

    def document(self) -> dict[str, Any]:
        """Return everything as `xdomain eval --json` prints it."""
        return self.result.model_dump(mode="json") | {
            "base": self.base,
            "failed": [each.document() for each in self.failed],
            "trained_on": [asdict(each) for each in self.trained_on],
            "moved_items": moved_items(self.grid),
            "generation": list(self.generation),
        }
