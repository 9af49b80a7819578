"""Print values on a terminal. Data is printed to stdout, and everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.tree import Tree

from xdomain.core.foreign_text import plain, plain_json

if TYPE_CHECKING:
    from xdomain.api.session import Session

WIDTH_OF_FILES, WIDTH_OF_TABLES = 140, 10_000
"""Widths in columns of text and of tables in a pipe or a file, which have no terminal width."""
PLAIN_SECONDS = 60.0
"""Time between two lines about long work in a pipe or a file, which have no bars."""
PADDING = re.compile(r"[ ]+(?=\n)")


class PlainConsole(Console):
    """A console that prints Rich's styles, but no other control sequence that a text may contain."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """See `Console.render`."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(plain(text, keep_lines=True), style)


class FileConsole(PlainConsole):
    """A console for pipes and files. Tables are as wide as their content, and no line ends with blanks."""

    def print(self, *objects: Any, width: int | None = None, **options: Any) -> None:
        wide = bool(objects) and all(isinstance(each, Table | Tree) for each in objects)
        super().print(*objects, width=width or (WIDTH_OF_TABLES if wide else WIDTH_OF_FILES), **options)

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return PADDING.sub("", super()._render_buffer(buffer))


def make_console(*, stderr: bool) -> Console:
    """Return a console for the terminal, or one for pipes and files if there is no terminal."""
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty() or "COLUMNS" in os.environ:
        return PlainConsole(stderr=stderr, highlight=False, emoji=False)
    return FileConsole(stderr=stderr, highlight=False, emoji=False, width=WIDTH_OF_TABLES)


out = make_console(stderr=False)
err = make_console(stderr=True)


def redraws(console: Console) -> bool:
    """Return whether bars may be redrawn, which is true on a terminal, but not in the log of a CI job."""
    return console.is_terminal and not os.environ.get("CI")


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    write_json(json.dumps(value, indent=2, allow_nan=False))


def write_json(document: str) -> None:
    """Write one JSON document and a line end to stdout."""
    sys.stdout.write(plain_json(document) + "\n")


def write(text: str) -> None:
    """Write text from other sources to stdout, without control sequences."""
    sys.stdout.write(plain(text, keep_lines=True))
    sys.stdout.flush()


def typed_command() -> str:
    """Return the command line that the user typed, for reports that name the command that wrote them."""
    return shlex.join(["xdomain", *sys.argv[1:]])


def show_settings_note(session: Session, console: Console = out) -> None:
    """Print which settings are used, if the user may expect others."""
    if session.settings_note:
        console.print(session.settings_note, soft_wrap=True, markup=False)


def next_step(command: str) -> None:
    """Print the next command to type on stderr."""
    err.print(f"Next: {command}", soft_wrap=True, markup=False)
