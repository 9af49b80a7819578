"""Describe the settings that overrides give to phases and domains, for plans and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.plan.expand import expand_curricula
from xdomain.plan.recipe import STRATEGY, Recipe, distinct_phases, settings_of


def recipe_document(experiment: Experiment) -> list[dict[str, Any]]:
    """Return the settings of each phase and domain that an override selects, as JSON values.

    Entries of training have `phase` (its expression), `positions` (its numbers in curricula, from 1), `settings`,
    `overrides` (indices of the entries that set them) and `ignored`. Entries of evaluation have `evaluation` (the
    domain), `settings` and `overrides`.
    """
    found: list[dict[str, Any]] = []
    for prefix, recipe in _recipes(experiment):
        if not recipe.changes and not recipe.ignored:
            continue
        entry = {
            "phase": str(prefix.phases[-1]),
            "settings": {name: _plain(value) for name, value in recipe.changes.items()},
            "overrides": list(recipe.entries),
            "ignored": [
                {"override": each.entry, "field": each.field, "reason": each.reason} for each in recipe.ignored
            ],
        }
        same = next((each for each in found if {**each, "positions": None} == {**entry, "positions": None}), None)
        if same is None:
            found.append(entry | {"positions": [len(prefix.phases)]})
        else:
            same["positions"].append(len(prefix.phases))
    for domain in experiment.domain_names:
        chosen = {
            index: override.evaluation_changes
            for index, override in enumerate(experiment.overrides)
            if override.where.domain == domain and override.evaluation_changes
        }
        if chosen:
            settings = {name: value for changes in chosen.values() for name, value in changes.items()}
            found.append({"evaluation": domain, "settings": settings, "overrides": list(chosen)})
    return found


def recipe_lines(experiment: Experiment) -> Iterator[str]:
    """Yield one sentence per entry of `recipe_document` that sets something.

    For example: "logic in phase 1 and 2: learning_rate 3e-05, steps 80".
    """
    for entry in recipe_document(experiment):
        if not entry["settings"]:
            continue
        settings = ", ".join(f"{name} {value}" for name, value in entry["settings"].items())
        if "evaluation" in entry:
            yield f"evaluation on {entry['evaluation']}: {settings}"
        else:
            yield f"{entry['phase']} in phase {' and '.join(map(str, entry['positions']))}: {settings}"


def recipes_sentence(experiment: Experiment) -> str | None:
    """Return the sentence that reports print; None without overrides."""
    lines = list(recipe_lines(experiment))
    return f"Settings that `overrides` changed: {'; '.join(lines)}." if lines else None


def recipe_notes(experiment: Experiment) -> list[str]:
    """Return notes on fields of overrides that a phase does not use, and on settings that depend on the position."""
    notes: list[str] = []
    found: dict[str, list[Recipe]] = {}
    for prefix, recipe in _recipes(experiment):
        phase = str(prefix.phases[-1])
        found.setdefault(phase, []).append(recipe)
        for name in dict.fromkeys(each.field for each in recipe.ignored):
            unused = [each for each in recipe.ignored if each.field == name]
            entries = " and ".join(f"overrides.{each.entry}" for each in unused)
            notes.append(
                f'"{phase}" does not use `{name}` of {entries}, because {unused[0].reason}: '
                f"{_used(recipe, prefix, name)} is used."
            )
    varying = [phase for phase, several in found.items() if any(each.changes != several[0].changes for each in several)]
    if varying:
        notes.append(
            f"The settings of {', '.join(varying[:3])} depend on the position of the phase, so a contrast of two "
            "orders also compares these settings."
        )
    return list(dict.fromkeys(notes))


def _recipes(experiment: Experiment) -> Iterator[tuple[Curriculum, Recipe]]:
    if experiment.overrides:
        for prefix in distinct_phases(expand_curricula(experiment)):
            yield prefix, settings_of(experiment, prefix)


def _used(recipe: Recipe, prefix: Curriculum, name: str) -> str:
    if name == STRATEGY:
        return recipe.strategy.label if recipe.strategy else "the strategy of `strategies`"
    own_steps = prefix.phases[-1].steps
    return str(own_steps if name == "steps" and own_steps is not None else getattr(recipe.training, name))


def _plain(value: Any) -> Any:
    """Return a strategy by its label, and other values unchanged."""
    return getattr(value, "label", value) if not isinstance(value, Mapping | str) else value
