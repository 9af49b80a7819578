"""From rows to items; tests/integration has the layouts of public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.domains_from_rows import domain, items, write_jsonl
from xdomain.core.errors import DataError
from xdomain.domains.base import Split
from xdomain.domains.item_building import part_of


def made(folder: Path, rows: list[dict[str, Any]], **settings: Any) -> list[Any]:
    return items(domain({"kind": "jsonl", "path": write_jsonl(folder / "rows.jsonl", rows)}, **settings))


@pytest.mark.parametrize(
    ("split", "parts", "part"),
    [
        (Split.DEV, ("pool",), "pool"),
        (Split.DEV, ("train", "test"), "train"),
        (Split.DEV, ("test",), None),
        (Split.TEST, ("train", "dev"), None),
        (Split.TRAIN, ("train",), "train"),
    ],
)
def test_the_part_that_holds_a_split(split: Split, parts: tuple[Any, ...], part: str | None) -> None:
    assert part_of(split, parts) == part


def test_exact_repeats_go_and_two_golds_stay(tmp_path: Path) -> None:
    rows = [{"q": "1+1", "a": "2"}, {"q": "1+1", "a": "2"}, {"q": "1+1", "a": "two"}]
    found = made(tmp_path, rows)
    assert sorted(item.gold for item in found) == ["2", "two"]
    assert len({item.id for item in found}) == 2
    assert len({item.split_key for item in found}) == 1, "they ask the same, and share a split"


def test_a_new_template_moves_no_row(tmp_path: Path) -> None:
    rows = [{"q": f"{n}+1", "a": str(n)} for n in range(30)]
    one, other = (made(tmp_path, rows, template=text) for text in ("{{ question }}", "Say: {{ question }}"))
    assert [item.split_key for item in one] == [item.split_key for item in other]


def test_an_id_is_listed_once(tmp_path: Path) -> None:
    rows = [{"q": "a", "a": "1", "n": 7}, {"q": "b", "a": "2", "n": 7}]
    with pytest.raises(DataError, match=r'the id "7" is listed twice, first at .*rows\.jsonl:1'):
        made(tmp_path, rows, fields={"question": "q", "gold": "a", "id": "n"}, split={"dev": 0.0, "test": 0.0})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"q": "x", "a": None}, "`gold` is null"),
        ({"q": "x", "a": " "}, "`gold` is empty"),
        ({"q": "x", "a": [1]}, "should be text or a number"),
        ({"q": " ", "a": "1"}, "the prompt is empty"),
        ({"q": "x\ud800", "a": "1"}, "half a character"),
    ],
)
def test_bad_rows_are_refused_with_their_line_or_left_out(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    rows = [{"q": "good", "a": "1"}, row]
    with pytest.raises(DataError, match=words) as caught:
        made(tmp_path, rows)
    assert "rows.jsonl:2" in str(caught.value)
    assert "on_bad_row: skip" in str(caught.value)
    assert [item.prompt for item in made(tmp_path, rows, on_bad_row="skip")] == ["good"]


def test_filters_that_leave_nothing_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no row of pool is left after filters"):
        made(tmp_path, [{"q": "x", "a": "1"}], filters=[{"field": "question", "min_length": 5}])


def test_other_fields_become_metadata(tmp_path: Path) -> None:
    fields = {"question": "q", "gold": "a", "level": "l", "cluster": "c", "solution": "s"}
    (item,) = made(tmp_path, [{"q": "x", "a": 1.10, "l": {"n": [1]}, "c": "k", "s": "so 1"}], fields=fields)
    assert (item.metadata, item.cluster_id, item.gold) == ({"level": {"n": [1]}}, "k", "1.1")
