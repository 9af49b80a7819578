"""The contract of a source: named parts of rows, and an identity that needs no reading of them where possible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_verifier import Place
from xdomain.domains.verifiers.base import Verifier

Part = Literal["pool", "train", "dev", "test"]
"""`pool` is split by hash; the others are explicit."""


@dataclass(frozen=True)
class Row:
    """One row with the place it came from.

    Attributes:
        values: columns.
        where: "file.jsonl:17", for messages.
    """

    values: Mapping[str, Any]
    where: str


class Source(ABC):
    """Rows of one domain."""

    reads_files: bool = False
    """Its rows are read from local files; others are generated or fetched, which takes its time."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Either ("pool",) or the explicit splits that exist."""

    @abstractmethod
    def rows(self, part: Part) -> Sequence[Row]:
        """The rows of a part, in an order that never changes.

        Raises:
            DataError: the data is missing or malformed.
        """

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Plain JSON that changes exactly when rows would."""

    def size(self, part: Part) -> int | None:
        """Rows of a part, all distinct, where that is known without making them."""
        return None

    def fields(self) -> Mapping[str, FieldConfig]:
        """Fields of sources whose rows have a known shape; an experiment's own `fields` come on top."""
        return {}

    def question_fields(self) -> Iterable[str]:
        """Return the names in `fields` that say what is asked: rows that agree in these share a split.

        Answers and names (`gold`, `solution`, `cluster`, `id`, `system`) never count.
        """
        return self.fields()

    def prepare(self, row: Row) -> Row:
        """Return the row with the columns that `fields` names.

        Raises:
            BadRow: The row cannot become an item.
        """
        return row

    def verifier(self, answer_in: tuple[Place, ...] | None = None) -> Verifier | None:
        """The verifier that comes with the data, if one does.

        Args:
            answer_in: where it should look for the answer; None leaves that to the source.
        """
        return None
