"""Read the docstrings of models' fields from the source, for JSON schemas and the reference."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel


def add_field_docs(schema: dict[str, Any], model: type[BaseModel] | None = None) -> None:
    """Add the docstring of each field to a JSON schema, as `description`.

    pydantic can do so when it creates a model (`use_attribute_docstrings`), but reading the source of sixty models
    takes a sixth of the time of `grid plan`.

    Args:
        schema: Schema that pydantic made. It is changed in place.
        model: Model that the schema as a whole describes; None if it only refers to models.
    """
    named = {each.__name__: each for each in _subclasses(BaseModel)}
    inner = [(definition, named.get(name)) for name, definition in schema["$defs"].items()]
    for definition, described in [(schema, model), *inner]:
        for field, text in field_docs(described).items() if described is not None else ():
            if field in definition.get("properties", {}):
                definition["properties"][field].setdefault("description", text)


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field of a model.

    A field without one that is inherited or declared again has the docstring of the base class.
    """
    found: dict[str, str] = {}
    for each in reversed([each for each in model.__mro__ if issubclass(each, BaseModel) and each is not BaseModel]):
        body = ast.parse(inspect.cleandoc("\n" + inspect.getsource(each))).body[0]
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for statement, after in zip(statements, [*statements[1:], None], strict=True):
            field = statement.target if isinstance(statement, ast.AnnAssign) else None
            if isinstance(field, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                found[field.id] = inspect.cleandoc(str(after.value.value)).strip()
    return found


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _subclasses(each)
