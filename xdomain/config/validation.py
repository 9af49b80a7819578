"""Validate a mapping. Every mistake becomes one paragraph with the file and the dotted field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

Model = TypeVar("Model", bound=BaseModel)


PLUGIN = "[plugin]"
"""Tag of the member of a union that another package brings, and type of the errors that its own model finds. With a
bracket, so that `dotted` leaves it out."""

BELOW = "below"
"""Context of an error that a plugin's own model found: the way from the error's place to the field."""


def validate(kind: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Validate `data` as `kind`, first mistake first.

    Raises:
        ConfigError: naming `where`, the dotted field, and near matches of an unknown key.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        # A list whose one entry is wrong is not too short besides.
        others = [each for each in others if each["type"] != "too_short"]
        more = f" (More mistakes after this one: {len(others)}.)" if others else ""
        raise ConfigError(sentence(first, kind) + more, where=f"{where}: {dotted(first)}".rstrip(": ")) from None


def dotted(problem: Any) -> str:
    """Return the place of a mistake as a file writes it.

    The members of unions that pydantic names by their type, `dict[str,float]`, are left out.
    """
    location = (*problem["loc"], *problem.get("ctx", {}).get(BELOW, ()))
    return ".".join(str(part) for part in location if "[" not in str(part))


def sentence(problem: Any, kind: type[BaseModel]) -> str:
    """Return what is wrong, with near matches of an unknown key."""
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        known = _known_keys(kind, parents)
        return f'unknown key "{key}".{did_you_mean(str(key), known)}' + (
            f" Known: {', '.join(known)}." if known else ""
        )
    message = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    if problem["type"] in ("value_error", "missing", PLUGIN):
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
