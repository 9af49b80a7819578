"""Fields read from the columns of a row, and filters on them."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.config.domain import FieldConfig, FilterConfig, OptionsConfig
from xdomain.core.errors import DataError
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.item_fields import ABSENT, demand_columns, demand_options, find, passes, read_field, read_options
from xdomain.domains.sources.base import Row

VALUES = {"a": {"b": [{"c": 1}]}, "a.b": 2, "json": '{"x": [10, 20]}', "text": "[not json"}


@pytest.mark.parametrize(
    ("place", "value"),
    [("a.b", 2), ("a.b.0.c", 1), ("json.x.1", 20), ("text", "[not json"), ("a.z", ABSENT), ("a.b.5", ABSENT)],
)
def test_dotted_places(place: str, value: Any) -> None:
    assert find(VALUES, place) == value


def test_a_pattern_keeps_its_last_match() -> None:
    row = Row({"a": "x=1 x=2", "n": 12.5}, "f:1")
    assert read_field(row, FieldConfig(column="a", pattern=r"x=(\d)")) == "2"
    assert read_field(row, FieldConfig(column="n", pattern=r"\d+")) == "5"
    assert read_field(row, FieldConfig(column="none")) is None
    with pytest.raises(BadRow, match=r"should hold a match of 'y'"):
        read_field(row, FieldConfig(column="a", pattern="y"))


def test_a_key_that_is_listed_twice_is_a_bad_row() -> None:
    with pytest.raises(BadRow, match='the key "x" is listed twice'):
        read_field(Row({"a": '{"x": 1, "x": 2}'}, "f:1"), FieldConfig(column="a.x"))


def test_options_have_an_order_that_their_texts_decide() -> None:
    columns = OptionsConfig(right="r", wrong=("w", "v"))
    one = read_options(Row({"r": "5", "w": "6", "v": 7}, "f:1"), columns)
    other = read_options(Row({"r": "7", "w": "6", "v": "5"}, "f:2"), columns)
    assert one["options"] == other["options"]
    assert sorted(one["options"]) == ["5", "6", "7"]
    assert one["options"]["ABC".index(one["gold"])] == "5"


@pytest.mark.parametrize("options", [["a", "a "], ["a", None], ["a", ""], ["a", [1]]])
def test_options_are_distinct_texts(options: list[Any]) -> None:
    with pytest.raises(BadRow):
        demand_options(options, "f:1")


@pytest.mark.parametrize(
    ("settings", "value", "kept"),
    [
        ({"min_length": 2}, "ab", True),
        ({"min_length": 2}, None, False),
        ({"max_length": 1}, "ab", False),
        ({"minimum": 2}, "3", True),
        ({"minimum": 2, "maximum": 3}, 4, False),
        ({"minimum": 2}, None, False),
        ({"one_of": ["a", 1]}, 1, True),
        ({"one_of": ["a"]}, None, False),
    ],
)
def test_filters(settings: dict[str, Any], value: Any, kept: bool) -> None:
    assert passes(FilterConfig(field="x", **settings), {"x": value}, "f:1") is kept


def test_a_filter_on_what_is_no_number_or_not_there() -> None:
    with pytest.raises(BadRow, match="should be a number"):
        passes(FilterConfig(field="x", minimum=1), {"x": "many"}, "f:1")
    with pytest.raises(DataError, match="which the row lacks"):
        passes(FilterConfig(field="y", minimum=1), {"x": 1}, "f:1")


def test_a_column_that_no_row_has_is_misspelt() -> None:
    demand_columns(["b"], [Row({"a": 1}, "f:1"), Row({"b": 1}, "f:2")])
    with pytest.raises(DataError, match=r"no column \"c\".*columns a"):
        demand_columns(["c"], [Row({"a": 1}, "f:1")])
    with pytest.raises(DataError, match=r"set `source\.delimiter`"):
        demand_columns(["a"], [Row({"a;b": "1;2"}, "f:1")])
