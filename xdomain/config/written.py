"""Track the origin of a mapping's values: file and line, or the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from xdomain.config.mistakes import Location
from xdomain.config.yaml_file import read_text
from xdomain.config.yaml_text import parse_marked
from xdomain.core.errors import ConfigError, ConfigErrors, XDomainError

FIELD = re.compile(r"[a-z_]+(\.\w+)*")
"""A dotted field, as in errors that name no file."""

MOST_LISTED = 20
"""Largest number of mistakes that are listed. The others are only counted."""


@dataclass
class Written:
    """The origin of a mapping.

    Attributes:
        name: Name of the mapping in messages.
        path: YAML file that the mapping was read from; None if a program made it.
        overrides: Keys that `--set` replaced, such as "training.steps".
        parts: Origins of parts from other files, by their location.
        mistakes: Mistakes that were found so far, by location.
        unknown: Locations of values that could not be read. Further mistakes there are not reported.
    """

    name: str
    path: Path | None = None
    overrides: Sequence[str] = ()
    parts: dict[Location, Written] = field(default_factory=dict)
    mistakes: dict[Location, ConfigError] = field(default_factory=dict)
    unknown: set[Location] = field(default_factory=set)

    @classmethod
    def file(cls, path: Path, overrides: Sequence[str] = ()) -> Written:
        """Return the origin of the content of a YAML file, with overrides from `--set`."""
        return cls(str(path), path, [each.partition("=")[0].strip() for each in overrides])

    @cached_property
    def marks(self) -> dict[Location, tuple[int, int]]:
        """Line and column of each key and list entry."""
        return parse_marked(read_text(self.path), self.name)[1] if self.path is not None else {}

    def place(self, location: Location) -> str:
        """Return file, line and column of a value, and its field: "experiment.yaml:4:3: model.preset"."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.parts:
                return self.parts[location[:length]].place(location[length:])
        dotted = ".".join(map(str, location))
        if any(f"{dotted}.".startswith(f"{key}.") for key in self.overrides):
            return f"--set {dotted}"
        mark = self._mark(location)
        where = f"{self.name}:{mark[0]}:{mark[1]}" if any(mark) else self.name
        return f"{where}: {dotted}".rstrip(": ")

    def _mark(self, location: Location) -> tuple[int, int]:
        """Return line and column of a value, or of the value that contains it; zeros if they are unknown."""
        known = (self.marks[location[:n]] for n in range(len(location), 0, -1) if location[:n] in self.marks)
        return next(known, (0, 0))

    def note(self, location: Location, what: str, fix: str | None = None) -> None:
        """Add a mistake, which `refuse` raises."""
        self.mistakes.setdefault(location, ConfigError(what, where=self.place(location), fix=fix))

    @contextmanager
    def placing(self, domains: Sequence[str] = ()) -> Iterator[None]:
        """Add file, line and column to errors that name a field, such as "training.steps" or "domains.math.reward".

        Args:
            domains: Names of the entries of `domains`.
        """
        try:
            yield
        except XDomainError as error:
            if self.path is None or error.where is None or not FIELD.fullmatch(error.where):
                raise
            parts: list[str | int] = [int(part) if part.isdigit() else part for part in error.where.split(".")]
            if parts[0] == "domains" and len(parts) > 1 and parts[1] in domains:
                parts[1] = domains.index(str(parts[1]))
            raise type(error)(error.what, where=self.place(tuple(parts)), fix=error.fix) from error

    def refuse(self) -> None:
        """Raise the noted mistakes, if there are any.

        Raises:
            ConfigError: One mistake was noted.
            ConfigErrors: Several mistakes were noted.
        """
        found = [error for _, error in sorted(self.mistakes.items(), key=lambda each: self._mark(each[0])[0])]
        if len(found) == 1:
            raise found[0]
        if found:
            lines = [error.paragraph() for error in found[:MOST_LISTED]]
            more = [f"and {len(found) - MOST_LISTED} more."] if len(found) > MOST_LISTED else []
            raise ConfigErrors("\n".join([f"{len(found)} mistakes.", *lines, *more]), where=self.name)
