"""Read a judge's reply: its JSON object, or otherwise a score in words.

Judges wrap their JSON in prose, fences and reasoning, quote numbers, or forget the JSON. The principle: reasoning is
cut off, and the rest must state exactly one answer. A reply that states two different answers is as unreadable as one
that states none. A part of another number is never read as a score.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

REASONING = ("think", "thinking", "reasoning")
"""Names of tags around a judge's reasoning."""

MOST_OBJECTS = 200
"""Number of opening braces that are tried in one reply."""

LONGEST_LITERAL = 10_000
"""Largest number of characters of an object in Python's notation."""

INTEGER = r"(?<![-−–.,\d])([0-9]{1,3})(?:\.0+)?(?!\.?\d|,\d)"
SCALE = r"(?:\s*(?:/|out of|of)\s*([0-9]{1,4})(?!\.?\d))?"
NO_RANGE = r"(?!\s*(?:-|–|—|to|or|and)\s*\d)"

LABELLED = re.compile(
    rf"\b(?:score|rating|grade)\b(?:\s+(?:is|would be|of|out of 10))?[^\w\n.;,(\-−–]*(?:\([^()\n]*\)[^\w\n.;,(\-−–]*)?"
    rf"(?:-\s+)?{INTEGER}[*_]*{SCALE}{NO_RANGE}",
    re.IGNORECASE,
)
"""A labelled score: "Score: 8", "**Rating**: 8/10", "score (1-10): 8"."""

SCALED = re.compile(rf"{INTEGER}\s*(?:/|out of)\s*([0-9]{{1,4}})(?!\.?\d)")
"""A score with its scale: "8/10", "8 out of 10"."""

BRACKETED = re.compile(rf"(?:\[\[|\\boxed\{{)\s*{INTEGER}{SCALE}\s*(?:\]\]|\}})")
"""A score in brackets or a box: "[[8]]", "\\boxed{8}"."""


def stated_object(text: str, read: Callable[[dict[str, Any]], Any] | None = None) -> dict[str, Any] | None:
    """Return the JSON object that a reply states.

    Args:
        text: Reply of the judge. Prose, fences and reasoning around the object are ignored.
        read: Function that makes an answer of an object, or returns None for another shape. None accepts every object
            and takes the last one.

    Returns:
        The last object of the demanded shape, which may be a value of another object. None if there is none, or if two
        such objects give different answers.
    """
    found = list(objects(without_reasoning(text)))
    if read is None:
        return found[-1] if found else None
    chosen, answer = None, None
    for outer in found:
        for candidate in (outer, *(child for child in outer.values() if isinstance(child, dict))):
            other = read(candidate)
            if other is None:
                continue
            if chosen is not None and other != answer:
                return None
            chosen, answer = candidate, other
            if candidate is outer:
                break
    return chosen


def without_reasoning(text: str) -> str:
    """Return the reply without reasoning in closed blocks, an unclosed block, or a block that the template opened.

    A tag inside an object is not reasoning, since a judge may write about the tags of the text that it judges.
    """
    for name in REASONING:
        text = re.sub(rf"<{name}>(?:(?!<{name}>).)*?</{name}>", "", text, flags=re.IGNORECASE | re.DOTALL)
        rest = re.split(f"</{name}>", text, flags=re.IGNORECASE)[-1]
        if "{" in rest or not text.lstrip().startswith(("{", "`")):
            text = rest
        said = re.split(f"<{name}>", text, maxsplit=1, flags=re.IGNORECASE)[0]
        if "{" not in said:
            text = said
    return text


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the outermost objects of a text in order."""
    end = tried = 0
    while (start := text.find("{", end)) >= 0 and tried < MOST_OBJECTS:
        tried += 1
        value, end = object_at(text, start)
        if value is not None:
            yield value


def object_at(text: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """Return the object that begins at a brace, in JSON's or Python's notation, and the index after it."""
    try:
        decoder = json.JSONDecoder(strict=False, object_pairs_hook=undisputed)
        value, length = decoder.raw_decode(text[start:])
        return value, start + length
    except (ValueError, RecursionError):
        end = text.find("}", start) + 1
    if 0 < end - start <= LONGEST_LITERAL:
        try:
            value = ast.literal_eval(text[start:end])
            return (value, end) if isinstance(value, dict) else (None, end)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
    return None, start + 1


def undisputed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs as an object. A key that is listed with different values gets None."""
    found = dict(pairs)
    found.update({key: None for key, value in pairs if value != found[key]})
    return found


def field(reply: dict[str, Any], name: str) -> Any:
    """Return the value under a name, without regard to case, or None if there is none."""
    return reply.get(name, next((value for key, value in reply.items() if str(key).lower() == name), None))


def whole_number(value: object, most: int) -> int | None:
    """Return a whole number from 0 to `most`, or None. It may be written 8.0, "8" or, if `most` is 10, "8/10"."""
    if isinstance(value, str):
        found = re.fullmatch(rf"\s*{INTEGER}{SCALE}\s*", value)
        if found is None or (found.group(2) is not None and int(found.group(2)) != most):
            return None
        value = int(found.group(1))
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value) if 0 <= value <= most else None


def stated_score(text: str, most: int) -> int | None:
    """Return the score that a reply states in words, from 0 to `most`.

    Four forms are read, the most explicit one first: a reply that is only a number, "[[8]]", a labelled number
    ("Score: 8"), and a number with its scale ("8/10"). The result is None if there is no score, if two scores in the
    most explicit form differ, or if the score is out of range or on another scale.
    """
    text = unicodedata.normalize("NFKC", without_reasoning(text)).strip()
    alone = re.fullmatch(rf"[^\w\-−–]*{INTEGER}{SCALE}[\W_]*", text)
    kinds = ([alone] if alone else [], list(BRACKETED.finditer(text)), list(LABELLED.finditer(text)))
    found = next(filter(None, kinds), None)
    if found is None:
        found = [match for match in SCALED.finditer(text) if int(match.group(2)) == most]
    scores = {whole_number(match.group(1), most) for match in found}
    if len(scores) != 1 or any(match.group(2) not in (None, str(most)) for match in found):
        return None
    return scores.pop()
