"""Read keys, refuse addresses with passwords, and mask secrets in everything that is written or printed.

A secret is the value of an environment variable whose name suggests one (`HF_TOKEN`, `WANDB_API_KEY`), or that a key
was read from. Values with fewer than `SHORTEST` characters are not masked, because they are placeholders such as
"EMPTY", or would occur in ordinary words.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from xdomain.core.errors import DependencyMissing

SECRET_NAME = re.compile(r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)$", re.IGNORECASE)

SHORTEST = 8
"""Number of characters of the shortest secret that is masked."""

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

USER_INFORMATION = re.compile(r"(?<=://)[^\s/?#@\"'<>]+@")
"""User and password of an address inside a text."""


class Known:
    """The secrets of this process.

    Attributes:
        names: Variables that hold a secret although their names do not suggest it.
        variables: Variable by secret text.
        pattern: Pattern that matches any of the texts; None if there are none, or before the environment is searched.
    """

    names: frozenset[str] = frozenset()
    variables: dict[str, str] | None = None
    pattern: re.Pattern[str] | None = None


def is_secret(variable: str) -> bool:
    """Return whether an environment variable holds a secret, by its name or because a key is read from it."""
    return variable in Known.names or SECRET_NAME.search(variable) is not None


def know_variable(variable: str) -> str:
    """Treat the value of an environment variable as a secret from now on. Return the variable's name."""
    Known.names |= {variable}
    know_environment()
    return variable


def know_environment() -> None:
    """Add the secrets in the environment to the known ones."""
    found = dict(Known.variables or {})
    for variable, value in os.environ.items():
        if is_secret(variable) and not os.path.exists(value):
            # A key with control characters is printed with escapes, so its parts are masked separately.
            parts = (part.strip() for part in CONTROLS.split(value))
            found |= {part: variable for part in parts if len(part) >= SHORTEST}
    if found != Known.variables:
        texts = sorted(found, key=len, reverse=True)
        Known.pattern = re.compile("|".join(map(re.escape, texts))) if texts else None
        Known.variables = found


def mask(text: str) -> str:
    """Return `text` with each known secret replaced by "$" and the name of its variable.

    Users and passwords in addresses are replaced by "***".
    """
    if Known.variables is None:
        know_environment()
    if Known.pattern is not None:
        variables = Known.variables or {}
        text = Known.pattern.sub(lambda match: f"${variables[match[0]]}", text)
    return USER_INFORMATION.sub("***@", text) if "://" in text else text


def masked(value: object) -> object:
    """Return a JSON value with `mask` applied to every text in it, including keys of objects."""
    match value:
        case str():
            return mask(value)
        case list():
            return [masked(each) for each in value]
        case dict():
            return {mask(str(key)): masked(each) for key, each in value.items()}
    return value


def read_key(variable: str, where: str) -> str:
    """Return the key in an environment variable, without white space and line ends around it.

    Args:
        variable: Name of the variable.
        where: Location for the error.

    Raises:
        DependencyMissing: The variable is not set, or its value cannot be sent in an HTTP header. The message does not
            repeat the value.
    """
    know_variable(variable)
    key = os.environ.get(variable, "").strip()
    if not key:
        raise DependencyMissing(
            f"the environment variable {variable} is not set.",
            where=where,
            fix="Set it to the endpoint's key, or `api_key_variable: null` for an endpoint without one.",
        )
    if not (key.isascii() and key.isprintable()):
        raise DependencyMissing(
            f"the environment variable {variable} holds a line break, a control character or a character beyond ASCII.",
            where=where,
            fix="Set it to only the key.",
        )
    return key


def checked_address(address: str) -> str:
    """Return an endpoint's address without white space around it.

    Raises:
        ValueError: The text is not an HTTP address, or it contains a user, a password or a query. The message does not
            repeat the address.
    """
    address = address.strip()
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    is_written = address.isascii() and address.isprintable() and " " not in address
    if not host or not is_written or parts.scheme not in ("http", "https"):
        raise ValueError('should be an address such as "http://localhost:8000/v1", of ASCII characters without spaces')
    if "@" in parts.netloc:
        raise ValueError(
            "should contain no user or password, because addresses are stored. Put the key in an environment variable "
            "and name the variable in `api_key_variable`"
        )
    if parts.query or parts.fragment:
        raise ValueError('should contain no query ("?...") and no fragment ("#..."), because a path is appended')
    return address


def checked_variable(variable: str) -> str:
    """Check the name of a variable that holds a key, and treat its value as a secret from now on. Return the name.

    Raises:
        ValueError: The text cannot be a variable's name. The message does not repeat it, because it may be the key.
    """
    if not VARIABLE_NAME.fullmatch(variable):
        raise ValueError("should be the name of an environment variable that holds the key, not the key itself")
    return know_variable(variable)
