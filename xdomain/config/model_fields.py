"""Find the models and fields inside a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel


def model_at(model: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel] | None:
    """Return the model that a location of pydantic leads to; None if it may be one of several.

    Pydantic's location names an entry of a list by its index, and a member of a union by its tag.
    """
    models: list[type[BaseModel]] = [model]
    for part in location:
        tagged = [each for each in models if part in _tags(each)]
        fields = [each.model_fields[part] for each in models if part in each.model_fields]
        if len(models) > 1 and tagged:
            models = tagged
        elif fields:
            models = [found for field in fields for found in models_in(field.annotation)]
        elif isinstance(part, str):
            models = tagged
    return models[0] if len(models) == 1 else None


def places_of(field: str, model: type[BaseModel]) -> list[str]:
    """Return the places inside a model that have a field of this name, limited to the least nested ones.

    A place is a dotted path with the kind that a section must have: "verifier (kind: text)".
    """
    level: list[tuple[str, type[BaseModel]]] = [("", model)]
    seen = {model}
    while level:
        found = [place for place, each in level if place and field in each.model_fields]
        if found:
            return list(dict.fromkeys(found))
        below = [
            (f"{place.partition(' (')[0]}.{name}".lstrip(".") + _kind(inner), inner)
            for place, each in level
            for name, info in each.model_fields.items()
            for inner in models_in(info.annotation)
        ]
        level = [(place, each) for place, each in below if each not in seen]
        seen |= {each for _, each in level}
    return []


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return every model inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _kind(model: type[BaseModel]) -> str:
    literal = next(iter(_literals(model)), None)
    return f" ({literal[0]}: {literal[1]})" if literal else ""


def _literals(model: type[BaseModel]) -> list[tuple[str, str]]:
    """Return the literal `kind` or `name` that distinguishes a model from the other members of its union."""
    return [
        (key, value)
        for key, field in model.model_fields.items()
        if key in ("kind", "name") and get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    ]


def _tags(model: type[BaseModel]) -> set[str]:
    """Return the tags that a union may have for a model, in brackets: its name, or its literal `kind` or `name`."""
    return {f"[{model.__name__}]"} | {f"[{value}]" for _, value in _literals(model)}
