"""Entries of `overrides`: their fields, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.load import make_experiment as read_experiment
from xdomain.config.override import Override, Where
from xdomain.config.written import Written
from xdomain.core.errors import ConfigError


def override(**entry: Any) -> Override:
    return Override.model_validate(entry)


def test_only_fields_that_are_set_are_changes() -> None:
    entry = override(where={"domain": "logic"}, training={"learning_rate": 3e-5, "micro_batch": None}, strategy="cgpo")
    assert entry.phase_changes == {"learning_rate": 3e-5, "micro_batch": None, "strategy": entry.strategy}
    assert entry.evaluation_changes == {}
    entry = override(where={"domain": "logic"}, evaluation={"samples": 4, "temperature": 1.0})
    assert (entry.phase_changes, entry.evaluation_changes) == ({}, {"samples": 4, "temperature": 1.0})


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ({"domain": "a"}, ["a 1", "a + b 2"]),
        ({"phase": 2}, ["a + b 2", "b 2"]),
        ({"kind": "mixture"}, ["a + b 2"]),
        ({"kind": "single", "domain": "b"}, ["b 2"]),
        ({"domain": "a", "phase": 2}, ["a + b 2"]),
        ({"domain": "c"}, []),
    ],
)
def test_all_conditions_must_hold(where: dict[str, Any], selected: list[str]) -> None:
    phases = [("a", 1), ("a + b", 2), ("b", 2)]
    condition = Where.model_validate(where)
    found = [f"{text} {n}" for text, n in phases if condition.selects(parse_curriculum(text).phases[0], n)]
    assert found == selected


MISTAKES = {
    "no condition": (
        {"where": {}, "training": {"steps": 3}},
        "overrides.0.where: should name a `domain`, a `phase` or a `kind` of phase",
    ),
    "no change": ({"where": {"domain": "logic"}, "training": {}}, "overrides.0: changes nothing."),
    "unknown domain": (
        {"where": {"domain": "lgic"}, "training": {"steps": 3}},
        'overrides.0.where.domain: "lgic" is not under `domains`: logic, puzzle. Did you mean "logic"?',
    ),
    "domain that is not in the file": (
        {"where": {"domain": "chess"}, "training": {"steps": 3}},
        "is not under `domains`: logic, puzzle. Add it there, or write one of these.",
    ),
    "unknown kind": (
        {"where": {"kind": "mixed"}, "training": {"steps": 3}},
        "should be one of single, mixture, distill",
    ),
    "phase 0": ({"where": {"phase": 0}, "training": {"steps": 3}}, "overrides.0.where.phase: should be at least 1"),
    "unknown field": (
        {"where": {"phase": 1}, "training": {"lerning_rate": 1e-5}},
        'overrides.0.training.lerning_rate: unknown key "lerning_rate". Did you mean "learning_rate"?',
    ),
    "unknown field of evaluation": (
        {"where": {"domain": "logic"}, "evaluation": {"item": 5}},
        'overrides.0.evaluation.item: unknown key "item". Did you mean "items"?',
    ),
    "budget": (
        {"where": {"phase": 1}, "training": {"budget": "total"}},
        "overrides.0.training.budget: `training.budget` is the same for every phase: it divides the steps",
    ),
    "engine": (
        {"where": {"phase": 1}, "training": {"engine": {"command": ["x"], "version": "1"}}},
        "`training.engine` is the same for every phase. Set it under `training`.",
    ),
    "rollout": (
        {"where": {"phase": 1}, "training": {"rollout": "batched"}},
        "`training.rollout` is the same for every phase. Set it under `training`. These may differ: steps,",
    ),
    "prompt tokens": (
        {"where": {"domain": "logic"}, "training": {"max_prompt_tokens": 20}},
        "it decides which prompts are in a domain's queue",
    ),
    "backend": (
        {"where": {"domain": "logic"}, "evaluation": {"backend": "vllm"}},
        "`evaluation.backend` is the same for every domain.",
    ),
    "evaluation by phase": (
        {"where": {"domain": "logic", "phase": 2}, "evaluation": {"items": 5}},
        "overrides.0.evaluation: differs by domain only",
    ),
    "auto": (
        {"where": {"phase": 1}, "training": {"micro_batch": "auto"}},
        "overrides.0.training.micro_batch: `auto` is chosen once for all phases.",
    ),
    "a text": ({"where": {"phase": 1}, "training": {"steps": "3"}}, "should be a whole number"),
    "null": ({"where": {"phase": 1}, "training": {"steps": None}}, "should be a whole number. Found nothing."),
    "unknown strategy": ({"where": {"kind": "mixture"}, "strategy": "cgpoo"}, 'Did you mean "cgpo"?'),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_field(name: str, tmp_path: Any) -> None:
    entry, message = MISTAKES[name]
    data = make_experiment().model_dump(mode="json", exclude_unset=True) | {"overrides": [entry]}
    with pytest.raises(ConfigError) as found:
        read_experiment(data, tmp_path, Written("experiment.yaml"))
    assert message in found.value.paragraph()


def test_what_does_not_fit_the_other_sections_is_refused() -> None:
    steps = {"where": {"phase": 1}, "training": {"steps": 4}}
    with pytest.raises(ValueError, match="cannot differ under the budget `total`"):
        make_experiment(training={"budget": "total"}, overrides=[steps])
    mixed = {"where": {"kind": "mixture"}, "strategy": "cgpo"}
    with pytest.raises(ValueError, match="needs a single strategy under `strategies`"):
        make_experiment(strategies=["joint", "famo"], overrides=[mixed])
