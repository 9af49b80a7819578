"""How values look on a terminal. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from xdomain.api.session import Session

WIDTH_OF_FILES = 140
"""Columns of a pipe or a file, which have no width of their own."""


def make_console(*, stderr: bool) -> Console:
    """Return a console that wraps tables to the terminal, or to `WIDTH_OF_FILES` in a pipe or a log."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_FILES
    return Console(stderr=stderr, highlight=False, emoji=False, width=width)


out = make_console(stderr=False)
err = make_console(stderr=True)


def redraws(console: Console) -> bool:
    """Return whether bars may be redrawn: on a terminal, not in the log of a CI job."""
    return console.is_terminal and not os.environ.get("CI")


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def typed_command() -> str:
    """Return the command line as it was typed, for reports that say how they were made."""
    return shlex.join(["xdomain", *sys.argv[1:]])


def show_settings_note(session: Session, console: Console = out) -> None:
    """Say which settings are used, where the user may expect others."""
    if session.settings_note:
        console.print(session.settings_note, soft_wrap=True, markup=False)


def next_step(command: str) -> None:
    """Print on stderr what to type next."""
    err.print(f"Next: {command}", soft_wrap=True, markup=False)
