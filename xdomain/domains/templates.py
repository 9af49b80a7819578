"""Prompt templates: Jinja2 in its sandbox, and an undefined name is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from xdomain.core.errors import ConfigError, DataError

ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)


@lru_cache(maxsize=256)
def compile_template(text: str) -> Template:
    """Compile a template.

    Raises:
        ConfigError: it is not Jinja2.
    """
    try:
        return ENVIRONMENT.from_string(text)
    except TemplateError as error:
        raise ConfigError(
            f"the template {text[:80]!r} is not valid Jinja2: {error}.",
            where="domains.template",
            fix="Correct it; fields are written {{ question }}.",
        ) from error


def render(text: str, fields: Mapping[str, Any], *, where: str) -> str:
    """Fill a template with an item's fields.

    Raises:
        ConfigError: the template is not Jinja2.
        DataError: it names a field that the row lacks, or does what the sandbox forbids.
    """
    template = compile_template(text)
    try:
        return template.render(fields)
    except (TemplateError, TypeError, ArithmeticError, LookupError, ValueError, AttributeError) as error:
        raise DataError(
            f"the template {text[:80]!r} cannot be filled: {error}.",
            where=where,
            fix=f"The row has the fields {', '.join(sorted(fields)) or 'none'}.",
        ) from error
