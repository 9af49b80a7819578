"""Tests of items, in the layouts that public data sets have."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.domains.verifiers.unit_test_items import (
    Case,
    as_arguments,
    assert_program,
    lines_of_code,
    read_cases,
    text_of,
)


@pytest.mark.parametrize(
    ("tests", "cases", "name"),
    [
        ('[{"input": "1", "output": "2"}]', [Case("1", "2")], None),
        ({"inputs": ["1", "2"], "outputs": ["3", "4"]}, [Case("1", "3"), Case("2", "4")], None),
        ({"stdin": "1", "stdout": "3"}, [Case("1", "3")], None),
        ({"fn_name": "f", "inputs": [[1, 2]], "outputs": [[3]]}, [Case([1, 2], [3], wrapped=True)], "f"),
        ({"fn_name": "f", "inputs": ["1\n2"], "outputs": ["3"]}, [Case([1, 2], 3)], "f"),
        (
            [{"input": "1\n[2]", "output": "3", "testtype": "functional", "metadata": '{"func_name": "g"}'}],
            [Case([1, [2]], 3)],
            "g",
        ),
        ([{"args": [1], "expected": None}], [Case([1], None)], None),
    ],
)
def test_layouts(tests: Any, cases: list[Case], name: str | None) -> None:
    assert read_cases(tests) == (cases, name)


@pytest.mark.parametrize(
    "tests", ["", "[]", "3", "no json", [1], {"functional": "x"}, {"inputs": [1], "outputs": []}, [{"input": "1"}]]
)
def test_what_holds_no_cases(tests: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        read_cases(tests)


def test_texts_and_arguments() -> None:
    assert text_of(["a", 1]) == "a\n1\n"
    assert (text_of(3), as_arguments(3), as_arguments({"a": 1})) == ("3", [3], {"a": 1})
    with pytest.raises(TypeError):
        text_of(None)
    assert lines_of_code(["import a", "import b"]) == "import a\nimport b"
    assert lines_of_code(None) == ""


@pytest.mark.parametrize("tests", [["assert f(2L) == 0777", "assert f(1) <> 2"], "['assert f(2) == 1']"])
def test_assert_statements_become_one_program_of_python_3(tests: Any) -> None:
    compile(assert_program(tests), "tests", "exec")


@pytest.mark.parametrize("tests", [[], "  ", ["assert ("], ["def test(capsys): f()"]])
def test_statements_that_cannot_run(tests: Any) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        assert_program(tests)
