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
    """Settings of an evaluation, with the defaults of `xdomain eval`.

    Attributes:
        items: Number of test items per domain.
        samples: Number of completions per item.
        temperature: Sampling temperature; 0 is greedy.
        top_p: Probability mass of nucleus sampling.
        max_tokens: Largest number of tokens of a completion.
        seed: Seed that items and samples are drawn from.
        backend: "transformers" or "vllm" for weights; None for the default. Endpoints have their own backend.
        settings: Overrides as in `--set`.
        base_settings: Overrides for the base model only, as in `--base-set`.
        threads: Torch threads per worker.
        revision: Revision of a hub model.
        allow_overlap: Also evaluate on items that a checkpoint was trained on.
        with_text: Also read completions and prompts into the result. With several samples, this happens in any case.
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
    """The result of evaluating one or more models.

    Attributes:
        result: Accuracies, and with a base model the paired differences from it.
        grid: Records and checkpoints that `result` was computed from.
        base: Name of the base model as the caller gave it; None without one.
        failed: Evaluations without records. Their cells in `result` give the reason.
        trained_on: Overlaps between evaluated items and training items that were allowed.
        generation: Description of how the completions of each evaluation were generated.
    """

    result: AnalysisResult
    grid: MeasuredGrid
    base: str | None = None
    failed: tuple[FailedEvaluation, ...] = ()
    trained_on: tuple[TrainedOverlap, ...] = ()
    generation: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def records(self) -> pd.DataFrame:
        """Records with one row per evaluated item and sample."""
        return self.grid.records

    def document(self) -> dict[str, Any]:
        """Return the result in the format of `xdomain eval --json`."""
        return self.result.model_dump(mode="json") | {
            "base": self.base,
            "failed": [each.document() for each in self.failed],
            "trained_on": [asdict(each) for each in self.trained_on],
            "moved_items": moved_items(self.grid),
            "generation": list(self.generation),
        }
