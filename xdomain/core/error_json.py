"""Carry an error from one process to another as JSON."""

from __future__ import annotations

import json

from xdomain.core import errors
from xdomain.core.errors import XDomainError


def error_to_json(error: XDomainError) -> str:
    """Return an error's class and message as JSON.

    A subclass outside `core.errors` is written as its nearest base class there, which every process knows.
    """
    kind = next(each.__name__ for each in type(error).__mro__ if each.__module__ == errors.__name__)
    return json.dumps({"kind": kind, "what": error.what, "where": error.where, "fix": error.fix})


def error_from_json(text: str) -> XDomainError:
    """Return the error that `error_to_json` wrote, so that the caller can raise it."""
    words = json.loads(text)
    kind: type[XDomainError] = getattr(errors, words["kind"])
    return kind(words["what"], where=words["where"], fix=words["fix"])
