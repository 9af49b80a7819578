"""A JSON document with a list of objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.domain_source import JsonSource
from xdomain.core.errors import DataError
from xdomain.domains.sources.json import JsonRows


def source(folder: Path, text: str, records: str = "") -> JsonRows:
    (folder / "a.json").write_text(text)
    return JsonRows(JsonSource(kind="json", path=str(folder / "a.json"), records=records))


def test_the_list_may_lie_inside_the_document(tmp_path: Path) -> None:
    rows = source(tmp_path, '{"data": {"examples": [{"n": 1}, {"n": 2}]}}', "data.examples").rows("pool")
    assert [(row.values["n"], row.where.rpartition(":")[2]) for row in rows] == [(1, "1"), (2, "2")]
    assert source(tmp_path, "[]", "x").identity() != source(tmp_path, "[]").identity()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"n": 1}', 'there is no list at ""'),
        ('{"n": 1}\n{"n": 2}', r"one object per line is `kind: jsonl`"),
        ("[1]", "should be a JSON object. Found int"),
        ('[{"a": 1, "a": 2}]', '"a" is listed twice'),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        source(tmp_path, text).rows("pool")
