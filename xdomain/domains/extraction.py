"""Finding the answer in a completion. Everything here is linear in the length of hostile text.

No backtracking expression is run over a whole completion but those with a single, bounded way to match; braces
and tags are found by scanning.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from xdomain.config.domain_verifier import ExtractingVerifier, Place

NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
"""An integer or decimal, thousands separated by commas or not, with an optional exponent."""

LONE_CAPITAL = re.compile(r"(?<![A-Za-z0-9])[A-Z](?![A-Za-z0-9'’])")

LONGEST_ANSWER = 20_000
"""Characters of an extracted answer that a user's pattern is searched in."""


def extract(completion: str, config: ExtractingVerifier) -> str | None:
    """The answer at the first of the configured places that has one, narrowed by `pattern`; None if there is none."""
    for place in config.answer_in:
        answer = FINDERS[place](completion)
        if answer is None:
            continue
        if config.pattern is None:
            return answer
        return last_match(config.pattern, answer[-LONGEST_ANSWER:])
    return None


def last_match(pattern: str, text: str) -> str | None:
    """Group 1, or all, of the last match of `pattern`; None if there is none."""
    found = None
    for match in re.finditer(pattern, text, re.MULTILINE):
        found = match
    if found is None:
        return None
    return found.group(1) if found.re.groups else found.group(0)


def whole(completion: str) -> str | None:
    return completion.strip() or None


def boxed(completion: str) -> str | None:
    r"""The content of the last \boxed{...} (or \fbox{...}) whose braces balance."""
    end = len(completion)
    for _ in range(8):  # a truncated last box must not hide a whole one, and hostile text must not cost quadratic time
        start = max(completion.rfind("\\boxed{", 0, end), completion.rfind("\\fbox{", 0, end))
        if start < 0:
            return None
        inside = balanced(completion, completion.index("{", start))
        if inside is not None:
            return inside.strip() or None
        end = start
    return None


def balanced(text: str, opening: int) -> str | None:
    """What stands between the brace at `opening` and its partner; None if it has none."""
    depth, place = 0, opening
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 2
            continue
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[opening + 1 : place]
        place += 1
    return None


def tag(completion: str, name: str = "answer") -> str | None:
    """The content of the last `<name>...</name>`."""
    end = completion.rfind(f"</{name}>")
    if end < 0:
        return None
    start = completion.rfind(f"<{name}>", 0, end)
    if start < 0:
        return None
    return completion[start + len(name) + 2 : end].strip() or None


def first_line(completion: str) -> str | None:
    return next((line.strip() for line in completion.splitlines() if line.strip()), None)


def last_line(completion: str) -> str | None:
    return next((line.strip() for line in reversed(completion.splitlines()) if line.strip()), None)


def last_number(completion: str) -> str | None:
    """The last number, with what follows it on its line (the unit, perhaps)."""
    found = None
    for match in NUMBER.finditer(completion):
        found = match
    if found is None:
        return None
    rest = completion[found.end() :].splitlines()
    return found.group(0) + (rest[0].rstrip(" .!*$") if rest else "")


def last_letter(completion: str) -> str | None:
    """The last capital letter that stands alone: "(C)", "C.", "answer: C"."""
    found = LONE_CAPITAL.findall(completion)
    return found[-1] if found else None


def code_block(completion: str) -> str | None:
    """The content of the last closed ``` block, without its language word."""
    end = completion.rfind("```")
    start = completion.rfind("```", 0, end) if end > 0 else -1
    if start < 0:
        return None
    first, _, rest = completion[start + 3 : end].partition("\n")
    return rest if re.fullmatch(r"\s*[A-Za-z0-9_+-]*\s*", first) else f"{first}\n{rest}"


FINDERS: dict[Place, Callable[[str], str | None]] = {
    "whole": whole,
    "boxed": boxed,
    "tag": tag,
    "first_line": first_line,
    "last_line": last_line,
    "last_number": last_number,
    "last_letter": last_letter,
    "code_block": code_block,
}
