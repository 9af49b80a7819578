"""Estimate how many stored completions the open evaluations of a plan will reuse, without rendering prompts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter

from xdomain.plan.borrowing import repeats_samples
from xdomain.plan.graph import Graph
from xdomain.plan.stage import EvaluateStage
from xdomain.store.lenders import DrawnAlike
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage


@dataclass(frozen=True)
class Savings:
    """Completions that do not have to be generated.

    Attributes:
        completions: Number of reused completions by evaluation key, counted in the single stored evaluation that has
            the most. The actual number can be higher.
        completion_tokens: Estimated tokens of these completions; None if a stored evaluation does not record them.
        refused: Keys of open evaluations whose backend may draw other samples for the same seeds, so that stored
            samples cannot be reused.
    """

    completions: dict[str, int]
    completion_tokens: int | None
    refused: tuple[str, ...]


def expected_savings(plan: Graph, store: Store, done: Collection[str]) -> Savings:
    """Return the expected savings of all evaluations of `plan` that are not `done`."""
    alike = DrawnAlike(store)
    completions: dict[str, int] = {}
    tokens: float | None = 0
    refused = []
    for key, stage in plan.stages.items():
        if not isinstance(stage, EvaluateStage) or key in done:
            continue
        lent = max(((_lent(stage, each), each) for each in alike.lenders(stage)), key=itemgetter(0), default=None)
        if lent is not None and lent[0]:
            completions[key] = lent[0]
            each = _tokens_each(lent[1])
            tokens = None if tokens is None or each is None else tokens + lent[0] * each
        elif not repeats_samples(stage.settings) and alike.of(stage.payload):
            refused.append(key)
    return Savings(completions, None if tokens is None else round(tokens), tuple(refused))


def _lent(stage: EvaluateStage, lender: StoredStage) -> int:
    """Return how many completions both evaluations share.

    Items and samples are prefix-stable, so this is the smaller of the two counts.
    """
    if stage.payload["items"]["identity"] != lender.payload["items"]["identity"]:
        return 0
    summary = lender.done["summary"]
    items = min(stage.settings.items, summary.get("items", 0))
    return int(items * min(stage.settings.samples, summary.get("samples", 0)))


def _tokens_each(lender: StoredStage) -> float | None:
    """Return the mean number of tokens per completion, None if unknown."""
    summary = lender.done["summary"]
    total = summary.get("completion_tokens")
    return None if total is None else total / (summary["items"] * summary["samples"])
