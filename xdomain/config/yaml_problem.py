"""Explain errors of the YAML parser in words for users."""

from __future__ import annotations

import yaml

from xdomain.config.yaml_scalar import short

INDENTATION = (
    "a line is indented differently from the lines that it belongs to",
    ("Give all keys of a mapping, and all entries of a list, the same number of spaces."),
)
WORDS = {
    "cannot start any token": ("a value begins with a character that needs quotes", "Put the value in quotes."),
    "mapping values are not allowed here": (
        'a ": " follows a text that cannot be a key',
        "Indent the line like its neighbours, or put a value that holds a colon in quotes.",
    ),
    "expected <block end>": INDENTATION,
    "expected ',' or '}'": ("a mapping in {...} lacks a comma or its end", "Add `,` or `}`."),
    "expected ',' or ']'": ("a list in [...] lacks a comma or its end", "Add `,` or `]`."),
    "could not find expected ':'": (
        "a line is not a key with a value",
        "Write `key: value`, with a space in it.",
    ),
    "expected alphabetic or numeric character": (
        "a value begins with * or &, which name an anchor",
        "Put the value in quotes.",
    ),
    "unexpected end of stream": ("a quote is not closed", "Close it."),
    "unknown escape character": (
        "a text in double quotes has an unknown escape",
        "Use single quotes.",
    ),
}
"""Description of a problem, and what to type, by a part of the parser's message."""


def problem_in_words(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """Return what is wrong with a document and what to type.

    Args:
        error: Error that the parser raised.
        text: Text of the document.
    """
    at = error.problem_mark.index if error.problem_mark and error.problem_mark.index is not None else 0
    problem = str(error.problem)
    if text[at : at + 1] == "\t":
        return "a line is indented with a tab", "Write spaces."
    if text[max(at - 1, 0) : at + 1] == "${":
        return "a variable inside {...} or [...] needs quotes", 'Write "${NAME}" with the quotes.'
    found = next((words for part, words in WORDS.items() if part in problem), None)
    return found or (short(problem), "Check indentation and quotes.")
