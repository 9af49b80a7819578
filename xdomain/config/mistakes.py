"""Raise mistakes in a file from validators, and turn them into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from xdomain.config.field_types import REVISION
from xdomain.config.model_fields import model_at, places_of
from xdomain.config.yaml_file import LONGEST_EXAMPLE
from xdomain.config.yaml_scalar import short
from xdomain.core.registry import did_you_mean, suggestion

RULE = "rule"
"""Type of an error that breaks a rule between fields."""
UNKNOWN_KEY, UNKNOWN_NAME, WRONG_KIND = "unknown_key", "unknown_name", "wrong_kind"
"""Types of errors for an unknown key, an unknown registered name and an unknown form."""
PLUGIN = "[plugin]"
"""Tag of the union member for kinds from other packages, and type of the errors that a plugin's model raises. It has a
bracket, so that `dotted` leaves it out."""
TOLD = (RULE, UNKNOWN_KEY, UNKNOWN_NAME, WRONG_KIND, PLUGIN, "value_error")
"""Types of errors whose message already is a sentence."""

ALIKE = 0.8
"""Smallest ratio of common letters with which a word counts as a misspelling of another."""

Location = tuple[str | int, ...]


def mistake(kind: str, what: str, *below: str | int) -> ValidationError:
    """Return the error that a validator raises.

    Args:
        kind: Type of the error.
        what: Message of one or more sentences.
        below: Keys and indices that lead from the validated value to the wrong one.
    """
    return mistakes([(below, kind, what)])


def mistakes(found: Iterable[tuple[Location, str, str]]) -> ValidationError:
    """Return one error for several mistakes, each given by its location, its type, and a sentence."""
    details = [
        InitErrorDetails(type=PydanticCustomError(kind, "{what}", {"what": what}), loc=below, input=None)
        for below, kind, what in found
    ]
    return ValidationError.from_exception_data("file", details)


def sentence(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return what is wrong and what to type, in one or more sentences.

    Args:
        problem: Description of an error by pydantic.
        model: Model that was validated.
    """
    kind, value = problem["type"], problem.get("input")
    if kind == "extra_forbidden":
        *parents, key = problem["loc"]
        return _unknown_key(str(key), parents, model)
    if kind in TOLD:
        message = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
        return message if message.endswith("?") else message + "."
    if kind == "missing":
        key = problem["loc"][-1]
        return "should have one more entry." if isinstance(key, int) else f"is missing. Add `{key}:` with a value."
    context = problem.get("ctx", {})
    what = str(problem["msg"]).rstrip(".")
    if kind == "string_pattern_mismatch":
        what = f"should {PATTERNS.get(context['pattern'], 'match ' + context['pattern'])}"
    elif kind in WORDS:
        what = f"should be {_words(kind, context)}"
    return f"{what}. Found {shown(value)}." + _hint(problem, model)


def shown(value: Any) -> str:
    """Return a value as text for a message, shortened and in YAML notation."""
    if isinstance(value, Mapping | list | tuple):
        return f"{'a' if value else 'an empty'} {'mapping' if isinstance(value, Mapping) else 'list'}"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else str(value).lower()
    return f'"{short(value, LONGEST_EXAMPLE)}"' if isinstance(value, str) else short(str(value), LONGEST_EXAMPLE)


PATTERNS = {
    "^https?://": "begin with http:// or https://",
    "^[a-z][a-z0-9_]*$": 'be small letters, digits and "_", beginning with a letter',
    REVISION: "be a commit, a branch or a tag, as the model's page lists them",
}
"""Description of each pattern that texts must match."""


def _names(context: Mapping[str, Any]) -> list[str]:
    """Return the allowed values of a literal."""
    return re.findall(r"'((?:[^'\\]|\\.)*)'", str(context["expected"]))


WORDS: Mapping[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "too_short": "a list that is not empty",
    "too_long": "a list with at most {max_length} entries",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "literal_error": "",
    "any_of": "{words}",
}
"""Description of an expected value, by the type of pydantic's error."""


def any_of(problems: list[Any]) -> dict[str, Any]:
    """Combine the problems of all branches of a union into one."""
    words = dict.fromkeys(_words(each["type"], each.get("ctx", {})) for each in problems)
    return {**problems[0], "type": "any_of", "ctx": {"words": " or ".join(words)}}


def _words(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "literal_error":
        names = _names(context)
        return f'"{names[0]}"' if len(names) == 1 else f"one of {', '.join(names)}"
    numbers = {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}
    return WORDS.get(kind, kind.replace("_", " ")).format(**numbers)


def _hint(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return what to type, if it follows from the value; "" otherwise."""
    kind, value = problem["type"], problem.get("input")
    if kind.startswith("model"):
        found = model_at(model, problem["loc"])
        keys = ", ".join(f"`{key}`" for key in list(found.model_fields)[:4]) if found else ""
        return f" It has keys such as {keys}." if keys else ""
    if kind in ("tuple_type", "list_type"):
        return _as_list(value, problem["loc"])
    if not isinstance(value, str | int | float) or len(str(value)) > LONGEST_EXAMPLE:
        return ""
    if kind == "string_type" and not isinstance(value, bool):
        return quoted(value)
    if isinstance(value, str) and kind == "literal_error":
        return did_you_mean(value, _names(problem["ctx"]))
    return _number_in(value) if isinstance(value, str) and kind.endswith("_type") else ""


def _as_list(value: Any, location: Iterable[str | int]) -> str:
    """Return a sentence that shows how to write a value as a list."""
    if isinstance(value, Mapping):
        return ' Begin each entry with "- ".'
    if not isinstance(value, str | int | float) or len(str(value)) > LONGEST_EXAMPLE:
        return ""
    key = next((part for part in reversed([*location]) if isinstance(part, str) and "[" not in part), "")
    return f" Write `{key}: [{shown(value)}]`."


def quoted(value: Any) -> str:
    """Return a sentence that shows how to write a number as a text; "" for other values."""
    return f' Put it in quotes: "{value}".' if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _number_in(text: str) -> str:
    """Return a sentence that shows how to write the number or truth value in a text; "" if it contains none."""
    if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?|true|false", text):
        return f" Write {text} without quotes."
    percent = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    return f" Write {float(percent[1]) / 100:g}." if percent else ""


def _unknown_key(key: str, parents: list[str | int], model: type[BaseModel]) -> str:
    """Return a sentence with the section that the key belongs to, or with similar keys."""
    found = model_at(model, parents)
    known = sorted(found.model_fields) if found else []
    places = _elsewhere(key, parents, model)
    if places and not any(SequenceMatcher(None, key, name).ratio() > ALIKE for name in known):
        return f'unknown key "{key}". It goes {" or ".join(places[:2])}.'
    return f'unknown key "{key}".{suggestion(key, known)}'


def _elsewhere(key: str, parents: list[str | int], model: type[BaseModel]) -> list[str]:
    """Return the places that a key belongs to.

    Each is below the section in which it was written, at the top of the file, or in another section.
    """
    found = model_at(model, parents)
    below = places_of(key, found) if found else []
    if not below and key in model.model_fields:
        return ["at the top of the file"]
    sections = [place for place in places_of(key, model) if "." not in place and "(" not in place]
    return [f"under `{place}`" for place in below or sections]
