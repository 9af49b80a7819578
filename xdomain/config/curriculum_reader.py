"""Read the text of a curriculum from left to right, up to marks such as "->" and ","."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xdomain.config.phases import MergeMethod, RollbackMethod
from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

PIECE = re.compile(r"(?:(?!->)[^+@,():])*")
"""Text up to the next mark of the grammar."""
DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
Method = TypeVar("Method", MergeMethod, RollbackMethod)


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

    def arguments(
        self, function: str, argument: Callable[[], None], known: Mapping[str, Callable[[], Any]]
    ) -> dict[str, Any]:
        """Read all arguments and the closing parenthesis, and return the settings.

        Args:
            function: Name of the function.
            argument: Method that reads one argument.
            known: Method that reads the value of each setting.
        """
        settings: dict[str, Any] = {}
        first = True
        while first or self.take(","):
            first = False
            name, equals = (part.strip() for part in self.ahead().partition("=")[:2])
            if not equals:
                if settings:
                    raise self.error(f'"{name}" follows a setting', "Write settings such as method=ties last.")
                argument()
            elif name not in known:
                fix = f"Its settings are {', '.join(known)}.{did_you_mean(name, known)}" if known else "Remove it."
                raise self.error(f'"{name}" is not a setting of {function}', fix)
            elif name in settings:
                raise self.error(f"sets {name} twice", "Keep one of them.")
            else:
                self.at = self.text.index("=", self.at) + 1
                settings[name] = known[name]()
        self.expect(")")
        return settings

    def refuse_steps(self, function: str, example: str) -> None:
        if self.next() == "@":
            raise self.error(
                f"sets the steps of a {function}, which has none",
                f"Remove them. Steps go to a later phase: {example}.",
            )

    def method(self, methods: type[Method], settings: Mapping[str, Any], default: Method, doing: str) -> Method:
        name = settings.get("method", default)
        known = [str(each) for each in methods]
        if name not in known:
            raise self.error(
                f'"{name}" is not a method of {doing}', f"Known: {', '.join(known)}.{did_you_mean(name, known)}"
            )
        return methods(name)

    def share(self, name: str, written: str, example: str) -> float:
        if not DECIMAL.fullmatch(written) or not 0 < float(written) <= 1:
            raise self.error(
                f'"{name}={written}" is not a share', f"Write a number above 0 and up to 1, such as {example}."
            )
        return float(written)

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
        raise self.error(
            "has a parenthesis that is not closed",
            'Add ")". In a YAML list in brackets, a comma ends an entry unless the curriculum is in quotes.',
        )

    def error(self, what: str, fix: str) -> ConfigError:
        """Return the error for the whole text; `what` begins with a quoted part, or with a verb."""
        return ConfigError(f'curriculum "{self.text}"{":" if what.startswith(chr(34)) else ""} {what}.', fix=fix)
