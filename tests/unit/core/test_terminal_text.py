"""Text of others for Rich."""

from __future__ import annotations

from rich.console import Console

from xdomain.core.terminal_text import text


def test_brackets_are_no_markup_and_lines_stay() -> None:
    console = Console(width=80, record=True, force_terminal=True)
    console.print(text("[red]a[/]\n\x1b[31mb", "bold"))
    assert console.export_text() == "[red]a[/]\n\N{REPLACEMENT CHARACTER}[31mb\n"
