"""The domain contract: items by split and index, a verdict per completion, an identity for the plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xdomain.config.domain_reward import FormatGate
from xdomain.core.records import Outcome, Verdict


class Split(StrEnum):
    """Disjoint by what items ask."""

    TRAIN = "train"
    DEV = "dev"
    """For alarms, adaptive weights and tuning: whatever is looked at while training."""
    TEST = "test"


@dataclass(frozen=True)
class Item:
    """One question with its gold answer.

    Attributes:
        id: stable within the domain.
        prompt: the user's message as text, template applied, chat template not yet.
        gold: the reference answer in the form a right completion's extracted answer has.
        system: optional system message.
        cluster_id: items that share a context share it; "" makes the item its own cluster.
        metadata: plain JSON that the verifier needs (unit tests, options, tolerances).
        split_key: equal for all items that ask the same, whatever the template; "" stands for the digest of the
            normalised prompt. Read it through `splits.split_key`.
    """

    id: str
    prompt: str
    gold: str
    system: str | None = None
    cluster_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    split_key: str = ""


class Domain(ABC):
    """A named set of items with a verifier and a reward.

    Implementations are cheap to construct: data is read on the first call of `items`.
    """

    name: str

    allowed_overlap: frozenset[str] = frozenset()
    """Domains (this one included) whose test prompts may stand in this one's train split."""

    stop: tuple[str, ...] = ()
    """A completion ends before the first of these texts that it holds. They are part of how completions are sampled,
    and of none of the identities below."""

    gate: FormatGate | None = None
    """The form that `reward` demands of a completion; None demands none."""

    control: bool = False
    """Whether `reward` does not pay the right answer best, on purpose: such a domain is a control arm."""

    places: tuple[str, ...] = ()
    """Marks of the only places where the verifier looks ("\\boxed", "<answer>"); a prompt should name one of them. ()
    if the verifier also finds an answer without a mark."""

    choices: int | None = None
    """Answers that every item offers; None where it offers none to choose from, 0 where nothing can be guessed."""

    @abstractmethod
    def items(self, split: Split) -> Sequence[Item]:
        """Random access to a split. Same index, same item, always; ids are distinct within a split.

        Raises:
            DataError: the source is missing, empty or malformed (names the file and row).
        """

    def count(self, split: Split) -> int | None:
        """How many items a split holds; None where they would have to be generated or fetched to be counted."""
        return len(self.items(split))

    @abstractmethod
    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        """Judge `completions[i]` as an answer to `items[i]`.

        Never raises on any string: what cannot be judged is malformed (the completion's fault) or unscored (ours).
        """

    @abstractmethod
    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        """The training reward for a judged completion; None leaves the sample without one."""

    def reward_problem(self, item: Item, completion: str, verdict: Verdict) -> str:
        """Return why a judged completion has no reward, "" if it has one or nothing went wrong."""
        return ""

    @abstractmethod
    def item_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes exactly when items or their splits would: source digest, template, filters.

        Verdicts and rewards are not part of it: a repaired verifier does not change items, nor models that were
        warmed up on them.
        """

    def verifier_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes exactly when a verdict would: the scorer's id, and its settings if any."""
        return {"scorer": self.scorer}

    @abstractmethod
    def reward_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes exactly when `reward` would for the same verdict."""

    def solution_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes exactly when `render_solution` would for the same items."""
        return {}

    def guess_rate(self, item: Item) -> float | None:
        """How often a uniform guess among the answers that `item` offers is right; None if it offers none."""
        return 1 / self.choices if self.choices else None

    @property
    @abstractmethod
    def scorer(self) -> str:
        """Scorer id and version, "exact/1"."""

    def render_solution(self, item: Item) -> str:
        """A completion that answers `item` rightly, in the demanded form: for warm-up and for checks."""
        return item.gold

    def unreadable_golds(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items whose gold answer the verifier cannot read: no completion of theirs can be judged."""
        return ()

    def left_out(self) -> str | None:
        """Return a sentence that counts the rows that were left out as unusable; None if none was left out.

        Reads the data.
        """
        return None

    def preflight(self) -> None:  # noqa: B027 -- most domains need nothing
        """Called once before anything is trained or evaluated on this machine.

        Raises:
            DependencyMissing: something that scoring needs is not here (a sandbox, a key), and how to get it.
        """

    def close(self) -> None:  # noqa: B027 -- most domains have nothing to release
        """Release worker processes, if any. The domain can be used again afterwards."""


def is_right(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.RIGHT
