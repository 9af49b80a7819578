"""Text that others wrote, for Rich."""

from __future__ import annotations

from rich.text import Text

from xdomain.core.foreign_text import plain


def text(value: str, style: str = "") -> Text:
    """Return text for a terminal whose brackets are no markup and that holds no control sequences and no secrets."""
    return Text(plain(value, keep_lines=True), style=style)
