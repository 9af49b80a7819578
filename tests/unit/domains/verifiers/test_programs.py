"""Which part of a completion is the program."""

from __future__ import annotations

import ast

import pytest

from xdomain.domains.verifiers.programs import as_body, asked_name, python_block, with_empty_body


@pytest.mark.parametrize(
    ("completion", "block"),
    [
        ("```python\ndef f(): 1\n```\n```python\nf()\n```", "def f(): 1\n"),
        ("```\ndef f(): 1\n```\n```python\ng()\n```", "g()\n"),
        ("```bash\nls\n```\n```\ndef g(): 1\n```", "def g(): 1\n"),
        ("```bash\nls\n```", "ls\n"),
        ("no block", None),
    ],
)
def test_the_block_that_defines_the_name(completion: str, block: str | None) -> None:
    assert python_block(completion, "f") == block


@pytest.mark.parametrize(("entry_point", "name"), [("f", "f"), ("Solution().f", "f"), ("", ""), (None, "")])
def test_the_name_that_is_asked_for(entry_point: str | None, name: str) -> None:
    assert asked_name({"entry_point": entry_point}) == name


@pytest.mark.parametrize("prompt", ['def f():\n    """Doc."""', "def f(x):", 'def f():\n\t"""Doc."""'])
def test_an_opening_becomes_a_whole_program(prompt: str) -> None:
    ast.parse(with_empty_body(prompt))


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("    return 1", "    return 1"),
        ("return 1", "    return 1\n"),
        ("x = 1\n    return x", "    x = 1\n    return x"),
        ("if x:\n    return 1\nreturn 2", "    if x:\n        return 1\n    return 2"),
    ],
)
def test_a_body_gets_its_indentation_back(code: str, body: str) -> None:
    assert as_body(code) == body
