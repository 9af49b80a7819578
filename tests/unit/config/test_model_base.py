"""The base of every configuration model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from xdomain.config.model_base import ConfigModel, Expanded, PlainMapping


class Settings(ConfigModel):
    number: float = 0.0
    count: int | None = None
    flag: bool = False
    several: tuple[Annotated[int, Field(ge=0)], ...] = ()
    by_name: dict[str, float] | Literal["equal"] = "equal"
    options: dict[str, str | int | bool] = Field(default_factory=dict)
    free: PlainMapping = Field(default_factory=dict)


def test_it_is_frozen_and_refuses_unknown_keys() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().number = 1.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Settings.model_validate({"nmber": 1})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_are_finite(number: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Settings(number=number)


def test_free_keys_have_values_that_can_be_part_of_a_key() -> None:
    assert Settings(free={"a": [1, None, {"b": "c"}]}).free["a"][2] == {"b": "c"}
    with pytest.raises(ValidationError, match="no stable identity"):
        Settings(free={"a": float("inf")})


@pytest.mark.parametrize(
    "values",
    [{"number": "1"}, {"number": True}, {"count": "1"}, {"count": True}, {"flag": 1}, {"flag": "true"},
     {"several": [1, "2"]}, {"by_name": {"a": "1"}}],
)  # fmt: skip
def test_a_number_is_no_text_and_no_truth_value(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"should be (a whole number|a number|true or false)"):
        Settings.model_validate(values)


def test_a_variable_may_stand_for_a_number() -> None:
    found = Settings.model_validate({"number": Expanded("1e-4"), "count": Expanded("20"), "flag": Expanded("true")})
    assert (found.number, found.count, found.flag) == (1e-4, 20, True)
    assert Settings(number=2, options={"a": True, "b": 3, "c": "x"}).options == {"a": True, "b": 3, "c": "x"}
    with pytest.raises(ValidationError, match="integer"):
        Settings.model_validate({"count": Expanded("many")})
