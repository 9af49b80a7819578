"""The contract of a domain: items by split and index, a verdict per completion, and identities for the plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xdomain.config.domain_reward import FormatGate
from xdomain.core.records import Outcome, Verdict


class Split(StrEnum):
    """A part of a domain's items. No question is in two splits."""

    TRAIN = "train"
    DEV = "dev"
    """The split for everything that is used during training: alarms, adaptive weights, tuning."""
    TEST = "test"


@dataclass(frozen=True)
class Item:
    """One question with its gold answer.

    Attributes:
        id: Identifier that is stable within the domain.
        prompt: The user's message as text, with the domain's template applied but not the chat template.
        gold: The gold answer, in the form of the answer that is extracted from a right completion.
        system: Optional system message.
        cluster_id: Identifier of the context that items share; "" makes the item its own cluster.
        metadata: Plain JSON that the verifier needs (unit tests, options, tolerances).
        split_key: Key that is equal for all items that ask the same, whatever the template; "" stands for the digest of
            the normalised prompt. Read it through `splits.split_key`.
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
    """Names of domains (this one included) whose test prompts this domain's train split may contain."""

    stop: tuple[str, ...] = ()
    """Stop strings. A completion ends before the first one that it contains.

    They belong to the sampling settings and are not part of the identities below.
    """

    gate: FormatGate | None = None
    """Form that `reward` demands of a completion; None for no demand."""

    control: bool = False
    """Whether the domain is a control arm, whose `reward` intentionally does not pay right answers best."""

    places: tuple[str, ...] = ()
    """Marks ("\\boxed", "<answer>") without which the verifier finds no answer. A prompt should name one of them.

    () if the verifier also finds answers without a mark.
    """

    choices: int | None = None
    """Number of answers that every item offers; None if items offer none, 0 if an answer cannot be guessed at all."""

    @abstractmethod
    def items(self, split: Split) -> Sequence[Item]:
        """Return the items of a split, with random access.

        The same index always gives the same item. Ids are distinct within a split.

        Raises:
            DataError: The source is missing, empty or malformed. The error names the file and row.
        """

    def count(self, split: Split) -> int | None:
        """Return the number of items in a split, or None if they would have to be generated or fetched first."""
        return len(self.items(split))

    @abstractmethod
    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        """Judge `completions[i]` as an answer to `items[i]`.

        No completion raises an error. If one cannot be judged, its verdict is malformed (the completion is at fault) or
        unscored (the verifier or the item is at fault).
        """

    @abstractmethod
    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        """Return the training reward of a judged completion, or None for no reward."""

    def reward_problem(self, item: Item, completion: str, verdict: Verdict) -> str:
        """Return the reason why a judged completion has no reward, or "" if it has one or nothing went wrong."""
        return ""

    @abstractmethod
    def item_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes if and only if items or splits change: source digest, template, filters.

        Verdicts and rewards are not part of it, since a repaired verifier changes neither items nor models that were
        warmed up on them.
        """

    def verifier_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes if and only if verdicts change: the verifier's id and any settings."""
        return {"scorer": self.scorer}

    @abstractmethod
    def reward_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes if and only if `reward` changes for the same verdict."""

    def solution_identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes if and only if `render_solution` changes for the same items."""
        return {}

    def guess_rate(self, item: Item) -> float | None:
        """Return the probability that a uniform guess among the offered answers is right; None if none are offered."""
        return 1 / self.choices if self.choices else None

    @property
    @abstractmethod
    def scorer(self) -> str:
        """Return the verifier's id and version, such as "exact/1"."""

    def render_solution(self, item: Item) -> str:
        """Return a right completion for `item` in the demanded form, for warm-up and checks."""
        return item.gold

    def unreadable_golds(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items whose gold answer the verifier cannot read, so that no completion can be judged."""
        return ()

    def left_out(self) -> str | None:
        """Read the data and return a sentence that counts the unusable rows that were left out; None if none were."""
        return None

    def preflight(self) -> None:  # noqa: B027 -- most domains need nothing
        """Check that this machine can judge completions. It is called once before the first stage.

        Raises:
            DependencyMissing: Judging needs something that is missing, such as a sandbox or a key. The error says how
                to get it.
        """

    def close(self) -> None:  # noqa: B027 -- most domains have nothing to release
        """Release worker processes, if any. The domain can be used again afterwards."""


def is_right(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.RIGHT
