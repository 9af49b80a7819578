"""Suggest commands to type next."""

from __future__ import annotations

import shlex
from pathlib import Path

from xdomain.api.session import Session
from xdomain.plan.origin import options_text

FORGETS = ("grid plan", "grid run", "grid retry")
"""Commands that do not use the settings of the last run."""


def next_command(verb: str, session: Session, store: Path | None = None) -> str:
    """Return the command line of another command on the same experiment and store.

    Args:
        verb: Words of the command, such as "grid run".
        session: Session whose experiment and settings are used.
        store: Folder of the store, if the user named one.
    """
    words = ["xdomain", *verb.split(), str(session.path)]
    words += ["--store", str(store)] if store is not None else []
    settings = options_text(session.plan.origin.settings) if verb in FORGETS else ""
    return f"{shlex.join(words)} {settings}".rstrip()
