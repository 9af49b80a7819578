"""What the YAML parser finds wrong, in words."""

from __future__ import annotations

import pytest

from xdomain.config.yaml_text import parse_yaml
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1", "x:2:1: is not YAML: a line is indented with a tab. Write spaces."),
        ("a: {b: ${C}}", "x:1:9: is not YAML: a variable inside {...} or [...] needs quotes."),
        ("a: @b", "x:1:4: is not YAML: a value begins with a character that needs quotes. Put the value in quotes."),
        ("a: b: c", 'x:1:5: is not YAML: a ": " follows a text that cannot be a key.'),
        ("a:\n  - b\n c: d", "x:3:2: is not YAML: a line is indented differently from the lines that it belongs to."),
        ("a: [1, 2", "is not YAML: a list in [...] lacks a comma or its end."),
        ("a: {b: 1", "is not YAML: a mapping in {...} lacks a comma or its end."),
        ("a: 1\nb\nc: 2", "is not YAML: a line is not a key with a value. Write `key: value`"),
        ("a: 'b", "is not YAML: a quote is not closed. Close it."),
        ('a: "\\d"', "is not YAML: a text in double quotes has an unknown escape. Use single quotes."),
        ("a: *", "is not YAML: a value begins with * or &, which name an anchor. Put the value in quotes."),
    ],
)
def test_it_says_what_to_type(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "x")
    assert words in str(caught.value)
