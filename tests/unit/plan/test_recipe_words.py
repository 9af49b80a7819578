"""Recipes in words and as JSON."""

from __future__ import annotations

import json

from tests.support.plans import make_experiment
from xdomain.plan.recipe_words import recipe_document, recipe_lines, recipe_notes, recipes_sentence

OVERRIDES = [
    {"where": {"domain": "logic"}, "training": {"steps": 80, "learning_rate": 3e-5}},
    {"where": {"kind": "mixture"}, "training": {"generations": 4}, "strategy": "cgpo"},
    {"where": {"domain": "puzzle"}, "evaluation": {"items": 100, "samples": 4, "temperature": 1.0}},
]


def test_lines_name_the_phase_and_what_was_set() -> None:
    experiment = make_experiment(overrides=OVERRIDES)
    assert list(recipe_lines(experiment)) == [
        "logic in phase 1 and 2: learning_rate 3e-05, steps 80",
        "logic + puzzle in phase 1: generations 4, strategy cgpo",
        "evaluation on puzzle: items 100, samples 4, temperature 1.0",
    ]
    assert str(recipes_sentence(experiment)).startswith("Settings that `overrides` changed: logic in phase 1 and 2:")


def test_the_document_is_json_and_names_entries_and_what_is_ignored() -> None:
    document = json.loads(json.dumps(recipe_document(make_experiment(overrides=OVERRIDES))))
    logic, mixture, evaluation = document
    assert logic == {
        "phase": "logic", "positions": [1, 2], "settings": {"learning_rate": 3e-5, "steps": 80}, "overrides": [0],
        "ignored": [],
    }  # fmt: skip
    assert mixture["settings"] == {"generations": 4, "strategy": "cgpo"}
    assert [(each["override"], each["field"]) for each in mixture["ignored"]] == [(0, "learning_rate"), (0, "steps")]
    assert evaluation["evaluation"] == "puzzle"


def test_notes_name_what_a_mixture_ignores() -> None:
    first, second = recipe_notes(make_experiment(overrides=OVERRIDES))
    assert first == (
        '"logic + puzzle" does not use `learning_rate` of overrides.0, because its domains disagree: 1e-06 is used.'
    )
    assert second.endswith("10 is used.")


def test_settings_by_position_are_noted() -> None:
    (note,) = recipe_notes(make_experiment(overrides=[{"where": {"phase": 2}, "training": {"learning_rate": 1e-5}}]))
    assert note.startswith("The settings of logic, puzzle depend on the position of the phase")


def test_without_overrides_there_is_nothing_to_say() -> None:
    experiment = make_experiment()
    assert (recipe_document(experiment), recipe_notes(experiment), recipes_sentence(experiment)) == ([], [], None)
