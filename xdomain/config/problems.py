"""What pydantic finds wrong, in one sentence with the dotted field and near matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from xdomain.core.registry import did_you_mean

PLUGIN = "[plugin]"
"""Tag of the member of a union that another package brings; with a bracket, so that `dotted` leaves it out."""

BELOW = "below"
"""Context of an error that a plugin's own model found: the way from the error's place to the field."""


def dotted(problem: Any) -> str:
    """Return the place of a mistake as a file writes it.

    The members of unions that pydantic names by their type, `dict[str,float]`, are left out.
    """
    location = (*problem["loc"], *problem.get("ctx", {}).get(BELOW, ()))
    return ".".join(str(part) for part in location if "[" not in str(part))


def sentence(problem: Any, kind: type[BaseModel]) -> str:
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        known = _known_keys(kind, parents)
        return f'unknown key "{key}".{did_you_mean(str(key), known)}' + (
            f" Known: {', '.join(known)}." if known else ""
        )
    message = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    if problem["type"] in ("value_error", "missing"):
        return message if message.endswith("?") else message + "."
    return f"{message}. Found {problem['input']!r}."


def _known_keys(kind: type[BaseModel], parents: Iterable[str | int]) -> list[str]:
    """Field names of the model that the path leads to; [] where it may be one of several.

    Pydantic's path names a place in a list by its index and a member of a union by its tag.
    """
    models: list[type[BaseModel]] = [kind]
    for part in parents:
        tagged = [model for model in models if part in _tags(model)]
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if len(models) > 1 and tagged:
            models = tagged
        elif fields:
            models = [found for field in fields for found in _models(field.annotation)]
        elif isinstance(part, str):
            models = tagged
    return sorted(models[0].model_fields) if len(models) == 1 else []


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Every model inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _tags(model: type[BaseModel]) -> set[str]:
    """Return what a union may know a model by: its name in brackets, or its literal `kind` or `name`."""
    return {f"[{model.__name__}]"} | {
        value
        for key, field in model.model_fields.items()
        if key in ("kind", "name") and get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }
