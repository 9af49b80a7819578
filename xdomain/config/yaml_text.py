"""Parse YAML with the plain values of YAML 1.2, within limits of size and depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import yaml
from yaml.reader import ReaderError

from xdomain.config.yaml_problem import problem_in_words
from xdomain.config.yaml_scalar import RefusedYAMLError, scalar_value, short
from xdomain.core.errors import ConfigError

MOST_VALUES = 50_000
"""Largest number of values in a document. Values behind an alias count each time it is used."""
DEEPEST = 50
Path = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


def parse_yaml(text: str, where: str) -> Any:
    """Return the value of the only YAML document in `text`; None for an empty one.

    Args:
        text: Text of the document.
        where: Name of the document in messages. Line and column are appended.

    Raises:
        ConfigError: The text is not YAML, holds a value that two versions of YAML read differently, lists a key twice,
            or exceeds `MOST_VALUES`, `DEEPEST` or `LARGEST_INTEGER`.
    """
    return parse_marked(text, where)[0]


def parse_marked(text: str, where: str) -> tuple[Any, dict[Path, tuple[int, int]]]:
    """Return the result of `parse_yaml`, and the line and column of each key and list entry.

    Raises:
        ConfigError: See `parse_yaml`.
    """
    builder = _Builder(text)
    try:
        return builder.document(), builder.marks
    except ReaderError as error:
        before = text[: error.position]
        place = f"{where}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        problem = f"is not YAML: it holds the character U+{ord(text[error.position]):04X}"
        raise ConfigError(f"{problem}.", where=place, fix="Save it as plain text.") from None
    except RefusedYAMLError as error:
        raise ConfigError(f"{error.what}.", where=f"{where}:{builder.place()}", fix=error.fix) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else builder.place()
        what, fix = problem_in_words(error, text)
        raise ConfigError(f"is not YAML: {what}.", where=f"{where}:{place}", fix=fix) from None
    except (ValueError, OverflowError):  # an escape like "\UFFFFFFFF", a directive with a long number
        what = "is not YAML: an escape or a directive after this place contains too large a number."
        raise ConfigError(what, where=f"{where}:{builder.place()}", fix="Correct it.") from None


class _Builder:
    """A builder of plain values from the parser's events."""

    def __init__(self, text: str) -> None:
        self.marks: dict[Path, tuple[int, int]] = {}
        self._text = text
        self._events: Iterator[yaml.Event] = iter(())
        self._event: yaml.Event | None = None
        self._values = 0
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        """Value behind each anchor and its size; None while it is being built."""

    def place(self) -> str:
        """Return line and column of the event that was read last."""
        mark = self._event.start_mark if self._event else None
        return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"

    def document(self) -> Any:
        """Build the only document."""
        self._events = yaml.parse(self._text, Loader=yaml.SafeLoader)
        value = None
        while not isinstance(self._next(), yaml.StreamEndEvent):
            if isinstance(self._event, yaml.DocumentStartEvent):
                if self._values:
                    raise RefusedYAMLError("holds more than one document", "Remove everything from the line --- on.")
                value = self._value(self._next(), ())
        return value

    def _next(self) -> yaml.Event:
        self._event = next(self._events)
        return self._event

    def _value(self, event: yaml.Event, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._behind(str(event.anchor))
        assert isinstance(event, yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent)
        if len(path) > DEEPEST:
            raise RefusedYAMLError(f"is nested more than {DEEPEST} levels deep", "Correct the file.")
        if event.tag is not None:
            raise RefusedYAMLError(f"holds the tag {short(event.tag)}", "Remove it; tags are not read.")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        before = self._values
        self._count(1)
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = scalar_value(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        else:
            value = self._mapping(path)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._values - before
        return value

    def _behind(self, anchor: str) -> Any:
        if anchor not in self._anchors:
            raise RefusedYAMLError(f"uses *{short(anchor)}, which no anchor above defines", "Correct the name.")
        found = self._anchors[anchor]
        if found is None:
            raise RefusedYAMLError(f"uses *{short(anchor)} inside the value that it stands for", "Remove it.")
        value, size = found
        self._count(size)
        return deepcopy(value)

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            what = f"holds more than {MOST_VALUES} values, counting those behind aliases"
            raise RefusedYAMLError(what, "Shorten it.")

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            self._mark(inner := (*path, len(found)))
            found.append(self._value(event, inner))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                if merged is not None:
                    raise RefusedYAMLError("lists the key << twice", "Write one, with a list: <<: [*a, *b].")
                merged = self._merged((*path, "<<"))
                continue
            key = self._value(event, path) if isinstance(event, yaml.ScalarEvent) else None
            if not isinstance(key, str):
                raise RefusedYAMLError(f"has the key {_shown(event)}, which is not a text", "Put the key in quotes.")
            if key in own:
                raise RefusedYAMLError(f'lists the key "{short(key)}" twice', "Remove one of them.")
            self._mark(inner := (*path, key))
            own[key] = self._value(self._next(), inner)
        return {**(merged or {}), **own}

    def _merged(self, path: Path) -> dict[str, Any]:
        """Build the value of a merge key: a mapping, or a list of mappings, in which earlier ones take precedence."""
        value = self._value(self._next(), path)
        found: dict[str, Any] = {}
        for each in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(each, Mapping):
                what = "merges a value that is not a mapping"
                raise RefusedYAMLError(what, "Write <<: *name, with the anchor of a mapping.")
            found.update(each)
        return found

    def _mark(self, path: Path) -> None:
        assert self._event is not None
        mark = self._event.start_mark
        assert mark is not None  # the parser marks every event that it reads from a text
        self.marks[path] = mark.line + 1, mark.column + 1


def _shown(event: yaml.Event) -> str:
    """Return a key as text for a message."""
    if isinstance(event, yaml.ScalarEvent):
        return short(event.value)
    if isinstance(event, yaml.AliasEvent):
        return f"*{short(str(event.anchor))}"
    return "[...]" if isinstance(event, yaml.SequenceStartEvent) else "{...}"
