"""Secrets: how keys are read, which addresses are refused, and how secrets are masked in what is written or printed.

A secret is the value of an environment variable that is named like one (`HF_TOKEN`, `WANDB_API_KEY`), or that a key was
read from. Values below `SHORTEST` characters are not masked: they are placeholders such as "EMPTY", or would turn up in
ordinary words.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from xdomain.core.errors import DependencyMissing

SECRET_NAME = re.compile(r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)$", re.IGNORECASE)

SHORTEST = 8
"""Characters of the shortest secret that is masked."""

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

USER_INFORMATION = re.compile(r"(?<=://)[^\s/?#@\"'<>]+@")
"""User and password of an address inside a text."""


class Known:
    """The secrets of this process.

    Attributes:
        names: Variables that hold a secret though their names do not say so.
        variables: The variable of each secret text.
        pattern: Matches any of the texts; None before the first look at the environment, or if there is none.
    """

    names: frozenset[str] = frozenset()
    variables: dict[str, str] | None = None
    pattern: re.Pattern[str] | None = None


def is_secret(variable: str) -> bool:
    """Return whether an environment variable holds a secret, by its name or because a key is read from it."""
    return variable in Known.names or SECRET_NAME.search(variable) is not None


def know_variable(variable: str) -> str:
    """Treat the value of an environment variable as a secret from now on, and return the variable's name."""
    Known.names |= {variable}
    know_environment()
    return variable


def know_environment() -> None:
    """Look through the environment for secrets; those known before stay known."""
    found = dict(Known.variables or {})
    for variable, value in os.environ.items():
        if is_secret(variable) and not os.path.exists(value):
            # A broken key is printed with its control characters escaped, so its parts are looked for.
            parts = (part.strip() for part in CONTROLS.split(value))
            found |= {part: variable for part in parts if len(part) >= SHORTEST}
    if found != Known.variables:
        texts = sorted(found, key=len, reverse=True)
        Known.pattern = re.compile("|".join(map(re.escape, texts))) if texts else None
        Known.variables = found


def mask(text: str) -> str:
    """Return `text` with each known secret replaced by "$" and its variable, and users and passwords in addresses by
    "***"."""
    if Known.variables is None:
        know_environment()
    if Known.pattern is not None:
        variables = Known.variables or {}
        text = Known.pattern.sub(lambda match: f"${variables[match[0]]}", text)
    return USER_INFORMATION.sub("***@", text) if "://" in text else text


def masked(value: object) -> object:
    """Return a JSON value with `mask` applied to every text in it, keys of objects included."""
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
        where: What needs the key, for the error.

    Raises:
        DependencyMissing: The variable is not set, or holds what no HTTP header can carry. The value is not repeated.
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
            fix="Set it to the key alone.",
        )
    return key


def checked_address(address: str) -> str:
    """Return an endpoint's address without white space around it.

    Raises:
        ValueError: It is no HTTP address, or it holds a user, a password or a query. The address is not repeated.
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
            "should hold no user or password, since addresses are stored. Put the key in an environment variable and "
            "name the variable in `api_key_variable`"
        )
    if parts.query or parts.fragment:
        raise ValueError('should hold no query ("?...") and no fragment ("#..."), since a path is put behind it')
    return address


def checked_variable(variable: str) -> str:
    """Return the name of a variable that holds a key, whose value is a secret from now on.

    Raises:
        ValueError: It cannot be a variable's name. It is not repeated, since it may be the key itself.
    """
    if not VARIABLE_NAME.fullmatch(variable):
        raise ValueError("should be the name of an environment variable that holds the key, not the key itself")
    return know_variable(variable)
