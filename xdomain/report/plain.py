"""Text from a run is hostile: what may not reach a terminal, a page or a table is taken out here, once."""

from __future__ import annotations

import unicodedata

BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Marks that make text read in another order than it is stored."""


def plain(text: str, *, keep_lines: bool = False) -> str:
    """`text` without control characters, lone surrogates and direction marks; line ends become spaces unless kept."""
    kept = "\n\t" if keep_lines else ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if not keep_lines:
        lines = lines.replace("\n", " ").replace("\t", " ")
    return "".join(c if c in kept or _is_safe(c) else "\N{REPLACEMENT CHARACTER}" for c in lines)


def _is_safe(character: str) -> bool:
    return character not in BIDI and unicodedata.category(character) not in {"Cc", "Cs"}
