"""What a source need not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from xdomain.domains.sources.base import Part, Row, Source


class One(Source):
    """A pool of one row."""

    def parts(self) -> tuple[Part, ...]:
        return ("pool",)

    def rows(self, part: Part) -> Sequence[Row]:
        return [Row({"a": 1}, "one:1")]

    def identity(self) -> Mapping[str, Any]:
        return {"kind": "one"}


def test_defaults() -> None:
    source = One()
    (row,) = source.rows("pool")
    assert source.prepare(row) is row
    assert source.size("pool") is None
    assert (source.fields(), list(source.question_fields()), source.verifier(), source.reads_files) == (
        {},
        [],
        None,
        False,
    )


def test_the_contract_is_whole() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Source()  # type: ignore[abstract]
