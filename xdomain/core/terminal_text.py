"""Make text from other sources safe for Rich."""

from __future__ import annotations

from rich.text import Text

from xdomain.core.foreign_text import plain


def text(value: str, style: str = "") -> Text:
    """Return text for a terminal, without markup, control sequences and secrets. Brackets are printed unchanged."""
    return Text(plain(value, keep_lines=True), style=style)
