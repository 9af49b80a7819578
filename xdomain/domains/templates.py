"""Prompt templates: Jinja2 in its sandbox, and an undefined name is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from xdomain.core.errors import ConfigError, DataError

if TYPE_CHECKING:  # jinja2 is imported on first use: most plans fill no template
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """The one environment: no attribute that could change or reach anything, and no silent blanks."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)


@lru_cache(maxsize=256)
def compile_template(text: str) -> Template:
    """Compile a template.

    Raises:
        ConfigError: it is not Jinja2.
    """
    from jinja2 import TemplateError

    try:
        return environment().from_string(text)
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
    from jinja2 import TemplateError

    template = compile_template(text)
    try:
        return template.render(fields)
    except (TemplateError, TypeError, ArithmeticError, LookupError, ValueError, AttributeError) as error:
        raise DataError(
            f"the template {text[:80]!r} cannot be filled: {error}.",
            where=where,
            fix=f"The row has the fields {', '.join(sorted(fields)) or 'none'}.",
        ) from error
