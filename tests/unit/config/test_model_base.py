"""The base of every configuration model."""

from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from xdomain.config.model_base import ConfigModel, PlainMapping


class Settings(ConfigModel):
    number: float = 0.0
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
