"""How values look on a terminal. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console

WIDTH_OF_FILES = 140
"""Columns where there is no terminal to ask."""


def make_console(*, stderr: bool) -> Console:
    """A console that wraps tables to the terminal, or to `WIDTH_OF_FILES` in a pipe or a log."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_FILES
    return Console(stderr=stderr, highlight=False, emoji=False, width=width)


out = make_console(stderr=False)
err = make_console(stderr=True)


def redraws(console: Console) -> bool:
    """Whether bars may be drawn over again: on a terminal that somebody looks at, not in the log of a CI job."""
    return console.is_terminal and not os.environ.get("CI")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def duration(seconds: float) -> str:
    """ "45 s", "12 min", "3.5 h", "2.1 days"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def count(number: int, noun: str) -> str:
    """ "1 stage", "3 stages"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
