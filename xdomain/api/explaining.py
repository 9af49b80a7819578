"""Explain why two stages differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xdomain.core.errors import PlanError
from xdomain.plan.explain import changes_in_words, explain_difference, find_stage
from xdomain.plan.graph import Plan
from xdomain.plan.identity import same_completions
from xdomain.plan.stage import StageSpec
from xdomain.store.reuse import StoredAlike
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage

NEAREST = "stored"
"""Name with which `explain` selects the stored stage that is most similar to the first one."""


@dataclass(frozen=True)
class StageDifference:
    """The differences between the identities of two stages.

    Attributes:
        first: One stage.
        second: The other stage.
        sentences: Description of each difference.
        same_completions: Whether only the judging differs.
        fields: Dotted fields that differ, with their value in each stage.
    """

    first: StageSpec | StoredStage
    second: StageSpec | StoredStage
    sentences: tuple[str, ...]
    same_completions: bool
    fields: tuple[tuple[str, Any, Any], ...]


def explain(plan: Plan, store: Store, first: str, second: str) -> StageDifference:
    """Compare the identities of two stages, of the plan or in the store.

    Args:
        plan: Plan of the experiment.
        store: The store.
        first: Title, folder or first characters of the key of one stage.
        second: Title, folder or first characters of the key of the other stage; "stored" for the stored stage that is
            most similar to the first one.

    Raises:
        PlanError: A name matches no stage of the plan or the store, or several.
    """
    one = _planned_or_stored(plan, store, first)
    other = _nearest(store, one) if second == NEAREST else _planned_or_stored(plan, store, second)
    return StageDifference(
        one,
        other,
        tuple(changes_in_words(one.payload, other.payload)),
        one.key != other.key and same_completions(one.payload, other.payload),
        tuple(explain_difference(one.payload, other.payload)),
    )


def _nearest(store: Store, stage: StageSpec | StoredStage) -> StoredStage:
    found = StoredAlike(store).nearest(stage)
    if found is None:
        raise PlanError(
            f'no stored stage has the same name as "{stage.title}".',
            where=str(store.root),
            fix="Name one of the folders in stages/ of the store.",
        )
    return found


def _planned_or_stored(plan: Plan, store: Store, text: str) -> StageSpec | StoredStage:
    try:
        return find_stage(plan, text)
    except PlanError:
        stored = store.find(text)
        if len(stored) != 1:
            raise
        return stored[0]
