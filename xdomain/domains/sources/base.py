"""The contract of a source: named parts of rows, and an identity that, if possible, does not need the rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_verifier import Place
from xdomain.domains.verifiers.base import Verifier

Part = Literal["pool", "train", "dev", "test"]
"""Part of a source. `pool` is split by hash; the others are explicit splits."""


@dataclass(frozen=True)
class Row:
    """One row and its origin.

    Attributes:
        values: Value of each column.
        where: File and line for messages, such as "file.jsonl:17".
    """

    values: Mapping[str, Any]
    where: str


class Source(ABC):
    """A source of one domain's rows."""

    reads_files: bool = False
    """Whether rows are read from local files. Other sources generate or fetch them, which takes longer."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Return ("pool",) or the explicit splits that exist."""

    @abstractmethod
    def rows(self, part: Part) -> Sequence[Row]:
        """Return the rows of a part, in an order that never changes.

        Raises:
            DataError: The data is missing or malformed.
        """

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Return plain JSON that changes if and only if rows change."""

    def size(self, part: Part) -> int | None:
        """Return the number of rows of a part if it is known without making them and all are distinct, or None."""
        return None

    def fields(self) -> Mapping[str, FieldConfig]:
        """Return the fields of a source whose rows have a known shape. An experiment's `fields` override them."""
        return {}

    def question_fields(self) -> Iterable[str]:
        """Return the names in `fields` that make up the question. Rows with equal values of these share a split.

        `gold`, `solution`, `cluster`, `id` and `system` are never part of the question.
        """
        return self.fields()

    def prepare(self, row: Row) -> Row:
        """Return the row with the columns that `fields` names.

        Raises:
            BadRow: The row cannot become an item.
        """
        return row

    def verifier(self, answer_in: tuple[Place, ...] | None = None) -> Verifier | None:
        """Return the verifier that comes with the data, or None.

        Args:
            answer_in: Places that the verifier should search for the answer; None lets the source choose.
        """
        return None
