"""Read the text of a curriculum from left to right, up to marks such as "->" and ","."""

from __future__ import annotations

import re

from xdomain.core.errors import ConfigError

PIECE = re.compile(r"(?:(?!->)[^+@,():])*")
"""Text up to the next mark of the grammar."""


class Reader:
    """A position in the text of a curriculum.

    Args:
        text: The expression.

    Attributes:
        at: Index of the next character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def ahead(self) -> str:
        """Return the text up to the next mark, with spaces."""
        found = PIECE.match(self.text, self.at)
        return found[0] if found else ""

    def piece(self) -> str:
        """Read the text up to the next mark, and return it without spaces around it."""
        found = self.ahead()
        self.at += len(found)
        return found.strip()

    def next(self) -> str:
        """Return the next mark, if no other text comes before it: "+", "@", "->"; "" at the end."""
        rest = self.text[self.at :].lstrip()
        return "->" if rest.startswith("->") else rest[:1]

    def take(self, mark: str) -> bool:
        """Read a mark if it is next."""
        if self.next() != mark:
            return False
        self.at = self.text.index(mark, self.at) + len(mark)
        return True

    def expect(self, mark: str) -> None:
        """Read a mark, or the end of the text if `mark` is empty."""
        if self.take(mark):
            return
        rest = self.text[self.at :].strip()
        if rest:
            raise self.error(f'"{rest}" has no place here', "Check the commas and parentheses before it.")
        raise self.error("has a parenthesis that is not closed", 'Add ")".')

    def error(self, what: str, fix: str) -> ConfigError:
        """Return the error for the whole text; `what` begins with a quoted part, or with a verb."""
        return ConfigError(f'curriculum "{self.text}"{":" if what.startswith(chr(34)) else ""} {what}.', fix=fix)
