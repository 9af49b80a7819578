"""Reward shapes as files write them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from xdomain.config.domain_reward import FunctionReward, LengthTerm, RewardConfig, RewardPreset, RewardShape

READ = TypeAdapter(RewardConfig)


def test_a_reward_is_a_preset_a_shape_or_a_function() -> None:
    assert READ.validate_python("cgpo/code") == "cgpo/code"
    assert READ.validate_python({"wrong": -0.5}) == RewardShape(wrong=-0.5)
    assert isinstance(READ.validate_python(FunctionReward.model_construct(function="m:f")), FunctionReward)
    with pytest.raises(ValidationError, match="should be the name of a preset, a mapping of values"):
        READ.validate_python([1])


def test_the_earlier_name_of_a_length_term() -> None:
    assert LengthTerm.model_validate({"per_character": 0.1}) == LengthTerm(per_unit=0.1)
    with pytest.raises(ValidationError, match="per_character"):
        LengthTerm.model_validate({"per_character": 0.1, "per_unit": 0.1})


def test_a_preset_serves_every_verifier() -> None:
    with pytest.raises(ValidationError, match="should name a table for `default`"):
        RewardPreset(source="a paper", tables={"x": RewardShape()}, by_verifier={"text": "x"})
