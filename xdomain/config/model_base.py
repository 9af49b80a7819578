"""The base of every configuration model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from xdomain.core.fingerprint import canonical_json


class Expanded(str):
    """A text in which an environment variable was expanded, so that it may stand for a number or a truth value."""

    __slots__ = ()


class ConfigModel(BaseModel):
    """A frozen model that refuses unknown keys and non-finite numbers.

    It also refuses values that pydantic would convert to a number or a truth value: "20" for 20, true for 1, 1 for
    true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _take_literally(schema, cls)
        return schema


WRITTEN = {
    "int": ("int_type", "a whole number", (int, float)),
    "float": ("float_type", "a number", (int, float)),
    "bool": ("bool_type", "true or false", (bool,)),
}
"""Type of the error, its description, and the accepted types of values, by type in pydantic's schema."""
INNER = ("schema", "items_schema", "keys_schema", "values_schema", "fields", "choices")
"""Keys of pydantic's schema that contain schemas."""


def _take_literally(schema: Any, model: type[BaseModel]) -> None:
    """Guard every number and truth value among the fields of one model. Nested models have guarded theirs already."""
    if schema.get("type") == "model" and schema["cls"] is not model:
        return
    for key in INNER:
        held = schema.get(key)
        children = held if isinstance(held, dict) and "type" not in held else None
        if key == "choices" and isinstance(held, list):
            held[:] = [_guarded(each, model) for each in held]
        elif children is not None:
            children |= {name: _guarded(each, model) for name, each in children.items()}
        elif isinstance(held, list):
            schema[key] = [_guarded(each, model) for each in held]
        elif held is not None:
            schema[key] = _guarded(held, model)


def _guarded(schema: Any, model: type[BaseModel]) -> Any:
    if isinstance(schema, tuple):  # a choice of a union with its label
        return _guarded(schema[0], model), *schema[1:]
    if not isinstance(schema, dict):
        return schema
    if schema["type"] in WRITTEN:
        return core_schema.no_info_before_validator_function(_taken(schema["type"]), schema)
    _take_literally(schema, model)
    return schema


def _taken(kind: str) -> Callable[[Any], Any]:
    error, words, types = WRITTEN[kind]

    def check(value: Any) -> Any:
        literal = isinstance(value, types) and (kind == "bool" or not isinstance(value, bool))
        if literal or not isinstance(value, str | int | float) or isinstance(value, Expanded):
            return value
        raise PydanticCustomError(error, "should be {words}", {"words": words})

    return check


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    try:
        canonical_json(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has no stable identity: {error}") from error
    return value


PlainMapping = Annotated[dict[str, Any], AfterValidator(_plain)]
"""A mapping with free keys whose values can be part of identity: texts, finite numbers, lists and mappings of these."""
