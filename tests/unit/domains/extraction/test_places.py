"""Where an answer may stand."""

from __future__ import annotations

import pytest

from xdomain.domains.extraction.places import FINDERS, fenced_blocks


@pytest.mark.parametrize(
    ("completion", "block"),
    [
        ("```python\na\n```\nOutput:\n```\n1\n```", "a\n"),
        ("```Python\na\n```\n```bash\npython a.py\n```", "a\n"),
        ("~~~py\na\n~~~\n~~~\n1\n~~~", "a\n"),
        ("``` python3\na\n```\n```text\n1\n```", "a\n"),
        ("```python\na\n```\n```python\nb\n```", "b\n"),
        ("```\na\n```\n```\nb\n```", "b\n"),
        ("```python\n\n```\n```\nb\n```", "b\n"),
        ("```pytb\na\n```\n```\nb\n```", "b\n"),
    ],
)
def test_the_last_python_block_goes_before_the_last_block(completion: str, block: str) -> None:
    assert FINDERS["code_block"](completion) == block


@pytest.mark.parametrize(
    ("completion", "number"),
    [
        ("it is 12.5", "12.5"),
        ("from 5-8", "8"),
        ("1/2 of it", "1/2 of it"),
        ("so $x = 5$.", "$x = 5$"),
        ("H2O boils", None),
        ("on the 1st", None),
        ("5 or 6", "5 or 6"),
        ("18 dollars (for 9 eggs)", "18 dollars"),
        ("a 3\n\nThen 4 apples. Good", "4 apples"),
        ("none", None),
    ],
)
def test_the_last_number_is_whole(completion: str, number: str | None) -> None:
    assert FINDERS["last_number"](completion) == number


@pytest.mark.parametrize(
    ("completion", "line"),
    [("a\nb\n\n", "b"), ("b\n```", "b"), ("5\nI hope this helps!", "5"), ("\n", None), ("", None)],
)
def test_the_last_line_says_something(completion: str, line: str | None) -> None:
    assert FINDERS["last_line"](completion) == line


def test_other_places() -> None:
    assert FINDERS["first_line"]("\n a \nb") == "a"
    assert FINDERS["whole"](" a\n") == "a"
    assert FINDERS["whole"](" ") is None


def test_the_last_block_may_lack_its_closing_fence() -> None:
    assert fenced_blocks("```py\na\n```\n```\nb") == [("py", "a\n"), ("", "b\n")]
    assert fenced_blocks("``` x = 1 ```") == [("", "x = 1\n")]
