"""Validate mappings. Every mistake becomes one paragraph with the file, the line, the column and the dotted field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from xdomain.config.mistakes import Location, any_of, sentence
from xdomain.config.written import Written
from xdomain.core.registry import did_you_mean

Model = TypeVar("Model", bound=BaseModel)

SHORT_FORMS = {"strategies": "strategy"}
"""Short forms: keys that a file may write instead of a list field, with a single entry."""


def validate(kind: type[Model], data: Mapping[str, Any], where: str | Written) -> Model:
    """Validate `data` as `kind`.

    Args:
        kind: Model of the result.
        data: Mapping to validate.
        where: Origin of the mapping, or its name in messages.

    Raises:
        ConfigError: The mapping has a mistake. The message names the origin, the dotted field, and near matches of an
            unknown key.
        ConfigErrors: The mapping has several mistakes.
    """
    written = where if isinstance(where, Written) else Written(where)
    found = None
    try:
        found = kind.model_validate(data)
    except ValidationError as error:
        for location, problem in _without_echoes(_located(error.errors(include_url=False), data)):
            if not any(location[:length] in written.unknown for length in range(len(location) + 1)):
                written.note(location, sentence(problem, kind))
    written.refuse()
    assert found is not None
    return found


def dotted(problem: Mapping[str, Any]) -> str:
    """Return the location of a mistake as a dotted field.

    Union members, which pydantic names by their type, such as `dict[str,float]`, are left out.
    """
    return ".".join(str(part) for part in problem["loc"] if "[" not in str(part))


class _Placed:
    """A problem with its location in the data.

    Attributes:
        location: Keys and indices.
        branches: Union tags on the way to the location, each with the location of its union.
    """

    def __init__(self, problem: Any, data: Any) -> None:
        self.problem = problem
        self.branches: list[tuple[Location, str]] = []
        path: list[str | int] = []
        for number, part in enumerate(problem["loc"], start=1):
            is_absent_key = number == len(problem["loc"]) and problem["type"] == "missing"
            short = SHORT_FORMS.get(str(part), "")
            if str(part).startswith("["):
                self.branches.append((tuple(path), str(part)))
            elif _holds(data, part):
                path, data = [*path, part], data[part]
            elif _holds(data, short):
                path, data = [*path, short], data[short]
            elif is_absent_key:
                path.append(part)
            elif not isinstance(part, int):
                self.branches.append((tuple(path), part))
        self.location = tuple(path)


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _without_echoes(found: list[tuple[Location, Any]]) -> list[tuple[Location, Any]]:
    """Leave out the problem that a key is missing if the same mapping has a misspelled one."""
    unknown = [location for location, problem in found if problem["type"] == "extra_forbidden"]

    def is_echo(location: Location, problem: Any) -> bool:
        beside = [str(each[-1]) for each in unknown if each[:-1] == location[:-1]]
        return problem["type"] == "missing" and any(did_you_mean(each, [str(location[-1])]) for each in beside)

    return [each for each in found if not is_echo(*each)]


def _located(problems: Iterable[Any], data: Any) -> list[tuple[Location, Any]]:
    """Return each problem with its location in the data. From the branches of a union, only the best match is used."""
    # If entries of a list are wrong, pydantic also reports that the list is too short.
    placed = [_Placed(each, data) for each in problems if each["type"] != "too_short" or not each["input"]]
    tags: dict[Location, set[str]] = {}
    for each in placed:
        for union, tag in each.branches:
            tags.setdefault(union, set()).add(tag)
    for union in [union for union, several in tags.items() if len(several) > 1]:
        inside = [each for each in placed if any(at == union for at, _ in each.branches)]
        placed = [each for each in placed if each not in inside]
        deepest = max(len(each.location) for each in inside)
        nearest = [each for each in inside if len(each.location) == deepest]
        if len({str(each.branches) for each in nearest}) > 1:
            nearest[0].problem = any_of([each.problem for each in nearest])
            del nearest[1:]
        placed += nearest
    return [(each.location, each.problem) for each in placed]
