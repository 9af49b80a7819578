"""Clean text from data sets, models, servers and file names before it reaches a terminal, a page or a table."""

from __future__ import annotations

import re

from xdomain.core.secrets import mask

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except tab and line feed, marks that change the reading order of text, and lone surrogates. Escape
sequences of terminals begin with one of them."""


def plain(text: str, *, keep_lines: bool = False) -> str:
    """Return `text` without known secrets, and with a replacement character for each unsafe character.

    Args:
        text: Text to clean.
        keep_lines: If False, line ends and tabs become spaces.
    """
    lines = mask(text).replace("\r\n", "\n").replace("\r", "\n")
    if not keep_lines:
        lines = lines.replace("\n", " ").replace("\t", " ")
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", lines)


def plain_json(document: str) -> str:
    """Return a JSON document without known secrets, and with JSON escapes for unsafe characters."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", mask(document))
