"""The contract of a verifier, and the loop that most of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from xdomain.core.records import Verdict
from xdomain.domains.base import Item

LONGEST_COMPLETION = 200_000
"""Characters. What is longer is judged malformed: no answer needs it, and every extraction stays cheap."""


class Verifier(ABC):
    """Judges completions; holds no state that a verdict could depend on.

    Attributes:
        id: kind and version, "text/2". The version is raised whenever a verdict could differ.
    """

    id: str

    @abstractmethod
    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        """A verdict for each pair. Never raises on any completion."""

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        """Return the items whose gold answer this verifier cannot read, so that no completion can be judged by it."""
        return []

    def preflight(self) -> None:  # noqa: B027 -- most verifiers need nothing
        """See `Domain.preflight`."""

    def close(self) -> None:  # noqa: B027 -- most verifiers have nothing to release
        """Release processes, if any."""


class OneByOne(Verifier):
    """A verifier that needs no batch: subclasses say what they think of one completion."""

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [
            Verdict.malformed("too long") if len(completion) > LONGEST_COMPLETION else self.judge_one(item, completion)
            for item, completion in zip(items, completions, strict=True)
        ]

    @abstractmethod
    def judge_one(self, item: Item, completion: str) -> Verdict:
        """The verdict for one completion of at most `LONGEST_COMPLETION` characters."""
