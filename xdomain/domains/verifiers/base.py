"""The contract of a verifier, and the loop that most verifiers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from xdomain.core.records import Verdict
from xdomain.domains.base import Item

LONGEST_COMPLETION = 200_000
"""Largest number of characters in a completion. A longer one is malformed, so that extraction stays cheap."""


class Verifier(ABC):
    """A judge of completions without state that verdicts depend on.

    Attributes:
        id: Kind and version, such as "text/2". The version is raised whenever a verdict could differ.
    """

    id: str

    @abstractmethod
    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        """Return one verdict per pair of item and completion. No completion raises an error."""

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        """Return the items whose gold answer this verifier cannot read, so that no completion can be judged."""
        return []

    def preflight(self) -> None:  # noqa: B027 -- most verifiers need nothing
        """See `Domain.preflight`."""

    def close(self) -> None:  # noqa: B027 -- most verifiers have nothing to release
        """Release processes, if any."""


class OneByOne(Verifier):
    """A verifier that needs no batch. Subclasses judge one completion at a time."""

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [
            Verdict.malformed("too long") if len(completion) > LONGEST_COMPLETION else self.judge_one(item, completion)
            for item, completion in zip(items, completions, strict=True)
        ]

    @abstractmethod
    def judge_one(self, item: Item, completion: str) -> Verdict:
        """Return the verdict on one completion of at most `LONGEST_COMPLETION` characters."""
