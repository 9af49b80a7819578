"""What open evaluations of a plan will take from the store, as far as it can be told without rendering a prompt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter

from xdomain.plan.borrowing import repeats_samples
from xdomain.plan.graph import Graph
from xdomain.plan.stage import Stage, StageKind
from xdomain.store.lenders import DrawnAlike, StoredStage
from xdomain.store.store import Store


@dataclass(frozen=True)
class Savings:
    """Completions that need not be generated.

    Attributes:
        completions: how many, by key of the evaluation that borrows them; they are those of the one stored evaluation
            that has the most. It may be more where several have some, or where rows of the data changed.
        completion_tokens: tokens of them all; None where a stored evaluation does not tell.
        refused: open evaluations that have to draw all samples again, because their backend may draw others for the
            same seeds.
    """

    completions: dict[str, int]
    completion_tokens: int | None
    refused: tuple[str, ...]


def expected_savings(plan: Graph, store: Store, done: Collection[str]) -> Savings:
    """Look up what the store holds for each evaluation of `plan` that is not `done`."""
    alike = DrawnAlike(store)
    completions: dict[str, int] = {}
    tokens: float | None = 0
    refused = []
    for key, stage in plan.stages.items():
        if stage.kind is not StageKind.EVALUATE or key in done:
            continue
        lent = max(((_lent(stage, each), each) for each in alike.lenders(stage)), key=itemgetter(0), default=None)
        if lent is not None and lent[0]:
            completions[key] = lent[0]
            each = _tokens_each(lent[1])
            tokens = None if tokens is None or each is None else tokens + lent[0] * each
        elif not repeats_samples(stage.payload) and alike.of(stage.payload):
            refused.append(key)
    return Savings(completions, None if tokens is None else round(tokens), tuple(refused))


def _lent(stage: Stage, lender: StoredStage) -> int:
    """Completions that both have: of two counts of the same items and samples the smaller ones, for they are drawn
    from the first on."""
    if stage.payload["items"]["identity"] != lender.payload["items"]["identity"]:
        return 0
    summary = lender.done["summary"]
    items = min(stage.payload["items"]["count"], summary.get("items", 0))
    return int(items * min(stage.payload["sampling"]["samples"], summary.get("samples", 0)))


def _tokens_each(lender: StoredStage) -> float | None:
    """Mean tokens of a completion."""
    summary = lender.done["summary"]
    total = summary.get("completion_tokens")
    return None if total is None else total / (summary["items"] * summary["samples"])
