"""Types of values that several configuration models use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import CoreSchema, core_schema

from xdomain.core.errors import ConfigError
from xdomain.core.secrets import checked_address, checked_variable

FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"should be a regular expression. Found {pattern!r} ({error}).") from error
    return pattern


def _names_a_folder(name: str) -> str:
    if not FOLDER_NAME.fullmatch(name):
        likely = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")
        fix = f' Write "{likely}".' if FOLDER_NAME.fullmatch(likely) else ""
        raise ValueError(f'should be small letters, digits, "-" and "_", since it names a folder. Found "{name}".{fix}')
    return name


REVISION = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"
Revision = Annotated[str, StringConstraints(pattern=REVISION)]
"""A commit, a branch or a tag of a repository."""

RegularExpression = Annotated[str, AfterValidator(_compiles)]

FolderName = Annotated[str, AfterValidator(_names_a_folder)]
"""A text that is a valid folder name on every system."""

Address = Annotated[str, AfterValidator(checked_address), Field(json_schema_extra={"pattern": "^https?://"})]
"""The address of an endpoint, without a user, a password or a query, because it is stored."""

KeyVariable = Annotated[str, AfterValidator(checked_variable)]
"""The name of the environment variable that holds a key. Its value is masked from then on."""


def expression_schema(kind: type, parse: Callable[[str], Any], example: str) -> CoreSchema:
    """Return the schema of a class whose values are written as text of a small grammar.

    Args:
        kind: The class; `str()` of its values is their text.
        parse: Parser of the text, which raises `ConfigError`.
        example: A text that it accepts.
    """

    def validate(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise ValueError(f'should be text such as "{example}". Found {value!r}.')
        try:
            return parse(value)
        except ConfigError as error:
            raise ValueError(error.paragraph()) from error

    return core_schema.no_info_plain_validator_function(
        validate,
        serialization=core_schema.to_string_ser_schema(),
        json_schema_input_schema=core_schema.str_schema(),
    )
