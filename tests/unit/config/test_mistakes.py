"""The sentence that each mistake becomes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.experiment import Experiment
from xdomain.config.mistakes import RULE, mistake, mistakes, sentence, shown
from xdomain.config.model_base import Expanded

GOOD: dict[str, Any] = {"name": "x", "model": {"path": "m"}, "domains": ["math"], "curricula": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 3}, "should be a list. Found 3. Write `seeds: [3]`."),
        ({"name": 7}, 'should be a text. Found 7. Put it in quotes: "7".'),
        ({"model": "tiny"}, 'should be a mapping of keys to values. Found "tiny". It has keys such as `preset`,'),
        ({"evaluation": {"items": "20"}}, 'should be a whole number. Found "20". Write 20 without quotes.'),
        ({"evaluation": {"items": 2.5}}, "should be a whole number. Found 2.5."),
        ({"evaluation": {"items": Expanded("many")}}, 'should be a whole number. Found "many".'),
        ({"evaluation": {"temperature": "10%"}}, 'should be a number. Found "10%". Write 0.1.'),
        ({"evaluation": {"temperature": float("inf")}}, "should be a finite number. Found inf."),
        ({"evaluation": {"split": "tets"}}, 'should be one of test, dev. Found "tets". Did you mean "test"?'),
        ({"evaluation": {"top_p": 0}}, "should be above 0"),
        ({"analysis": {"margin": 1}}, "should be below 1"),
        ({"grid": None}, "should be a mapping of keys to values. Found nothing."),
        ({"grid": {"singles": "true"}}, 'should be true or false. Found "true". Write true without quotes.'),
        ({"model": {}}, "should name exactly one of"),
        ({"model": None, "name": "x" * 3}, "should be a mapping"),
        ({"steps": 3}, 'unknown key "steps". It goes under `training`.'),
        ({"training": {"seeds": [1]}}, 'unknown key "seeds". It goes at the top of the file.'),
        ({"training": {"setps": 1}}, 'unknown key "setps". Did you mean "steps"?'),
        ({"training": {"every_steps": 1}}, 'unknown key "every_steps". It goes under `checkpoints`.'),
        ({"xyzzy": 1}, 'unknown key "xyzzy". Known: adopted, analysis, checkpoints,'),
    ],
)
def test_it_says_what_is_wrong_and_what_to_type(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate(GOOD | changes)
    assert words in sentence(caught.value.errors(include_url=False)[0], Experiment)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate({})
    found = [sentence(each, Experiment) for each in caught.value.errors()]
    assert found[0] == "is missing. Add `name:` with a value."


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": 1}, "a mapping"), ([1], "a list"), ([], "an empty list"), (None, "nothing"), (True, "true"), (2.5, "2.5")],
)
def test_values_are_shown_short(value: Any, text: str) -> None:
    assert shown(value) == text
    assert len(shown("x" * 1000)) < 70


def test_validators_tell_the_way_to_a_mistake() -> None:
    told = [(("a", 1), RULE, "one."), ((), RULE, "two.")]
    assert [(each["loc"], each["type"], each["msg"]) for each in mistakes(told).errors()] == told
    assert mistake(RULE, "{x} is wrong", "a").errors()[0]["msg"] == "{x} is wrong"
