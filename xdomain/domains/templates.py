"""Prompt templates in Jinja2's sandbox. Undefined names are errors, and so is the output of a missing value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from xdomain.core.errors import ConfigError, DataError
from xdomain.core.limits import LimitExceeded, limited
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.values import is_null

LONGEST_SECONDS = 5.0
MOST_MEBIBYTES = 512
LONGEST_TEXT = 10_000_000
"""Largest number of characters in a filled template. The longest contexts of models hold half of them."""

if TYPE_CHECKING:  # jinja2 is imported on first use: most plans fill no template
    from jinja2 import Template, Undefined, UndefinedError
    from jinja2.sandbox import ImmutableSandboxedEnvironment


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment of all templates.

    It allows no attribute that changes or reaches other objects, and never writes a blank for a missing value.
    """
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    made.tests["none"] = lambda value: value is None or isinstance(value, null_type()[0])
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": json_null}
    return made


@cache
def null_type() -> tuple[type[Undefined], type[UndefinedError]]:
    """Return the class of missing values in a template, and the error that writing one raises.

    A missing value can be tested (`{% if passage %}`, `is none`, `is defined`) and replaced (`default`). Any other
    use is an error.
    """
    from jinja2 import StrictUndefined, UndefinedError

    class NullUsedError(UndefinedError):
        """Error for a missing value that a template would write as text."""

    class Null(StrictUndefined):
        __slots__ = ()

        def __bool__(self) -> bool:  # type: ignore[override]
            return False

        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return other is None or isinstance(other, Null)

        def __ne__(self, other: object) -> bool:  # type: ignore[override]
            return not self == other

        __hash__ = None  # type: ignore[assignment]

        def __repr__(self) -> str:
            return str(self)

    return Null, NullUsedError


def json_null(value: object) -> None:
    """Write a missing value inside `tojson` as JSON's null."""
    if not isinstance(value, null_type()[0]):
        raise TypeError(f"{type(value).__name__} is no JSON")


def marked(value: Any, name: str) -> Any:
    """Return `value` with everything missing in it, at any depth, replaced by a `Null` that knows the field's name."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {key: marked(part, f"{name}.{key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [marked(part, f"{name}.{place}") for place, part in enumerate(value)]
    if not is_null(value):
        return value
    null, error = null_type()
    return null(hint=f"`{name}` is null", exc=error)


@lru_cache(maxsize=256)
def compile_template(text: str) -> Template:
    """Compile a template.

    Raises:
        ConfigError: The text is not valid Jinja2.
    """
    from jinja2 import TemplateError

    try:
        with limited(LONGEST_SECONDS, MOST_MEBIBYTES):  # constant expressions are computed here
            return environment().from_string(text)
    except LimitExceeded as error:
        raise ConfigError(
            f"the template {text[:80]!r} {error}.", where="domains.template", fix="Simplify it."
        ) from error
    except (TemplateError, SyntaxError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"the template {text[:80]!r} is not valid Jinja2: {error}.",
            where="domains.template",
            fix="Correct it; fields are written {{ question }}.",
        ) from error


def render(text: str, fields: Mapping[str, Any], *, where: str) -> str:
    """Fill a template with an item's fields.

    Raises:
        ConfigError: The template is not valid Jinja2.
        BadRow: The template would write a value that is missing in the row.
        DataError: The template names a field that the row lacks, does what the sandbox forbids, or exceeds
            `LONGEST_SECONDS`, `MOST_MEBIBYTES` or `LONGEST_TEXT`.
    """
    from jinja2 import TemplateError

    template = compile_template(text)
    try:
        with limited(LONGEST_SECONDS, MOST_MEBIBYTES):
            filled = template.render({name: marked(value, name) for name, value in fields.items()})
        if len(filled) > LONGEST_TEXT:
            raise LimitExceeded(f"writes {len(filled)} characters, more than {LONGEST_TEXT}")
        return filled
    except LimitExceeded as error:
        raise DataError(f"the template {text[:80]!r} {error}.", where=where, fix="Simplify it.") from error
    except null_type()[1] as error:
        raise BadRow(
            f"{error}, but the template {text[:80]!r} uses it.",
            where=where,
            fix="Correct the row, or give a default in the template: {{ field | default('') }}.",
        ) from error
    except (TemplateError, TypeError, ArithmeticError, LookupError, ValueError, AttributeError) as error:
        raise DataError(
            f"the template {text[:80]!r} cannot be filled: {error}.",
            where=where,
            fix=f"The row has the fields {', '.join(sorted(fields)) or 'none'}.",
        ) from error
