"""Names and tests inside the guest, loaded here as a module; test_runs.py starts it for real."""

from __future__ import annotations

import unittest

import pytest

from xdomain.domains.sandbox import guest


class Solution:
    def double(self, x: int) -> int:
        return 2 * x

    class Inner:
        value = 3


NAMES = {"Solution": Solution, "triple": lambda x: 3 * x}


@pytest.mark.parametrize(
    ("name", "result"), [("triple", 12), ("double", 8), ("Solution().double", 8), ("Solution.double", 8)]
)
def test_functions_and_methods_are_found(name: str, result: int) -> None:
    assert guest.find_value(NAMES, name)(4) == result


def test_nested_classes_and_missing_names() -> None:
    assert guest.find_value(NAMES, "Solution.Inner").value == 3
    with pytest.raises(NameError):
        guest.find_value(NAMES, "quadruple")
    assert guest.in_solution(NAMES, "double")
    assert not guest.in_solution(NAMES, "__init__")


def test_classes_that_a_program_defined_itself() -> None:
    namespace: dict[str, object] = {"__name__": "program", "unittest": unittest}
    exec("from fractions import Fraction\nclass Node: pass\nx = 1", namespace)
    assert list(guest.own_classes(namespace)) == ["Node"]


def test_what_a_test_runner_would_collect() -> None:
    ran: list[str] = []

    def test_a() -> None:
        ran.append("a")

    def test_with_fixture(capsys: object) -> None:
        ran.append("never")

    guest.run_collected({"test_a": test_a, "helper": test_with_fixture})
    assert ran == ["a"]
    with pytest.raises(ImportError, match="fixtures"):
        guest.run_collected({"test_with_fixture": test_with_fixture})


def test_an_error_belongs_to_whose_line_raised_it() -> None:
    for name, by_tests in (("tests.py", True), ("program.py", False)):
        with pytest.raises(NameError) as caught:
            exec(guest.code_of("missing", name), {})
        assert guest.is_raised_by_tests(caught.value) is by_tests


def test_no_name_of_the_tests_is_open() -> None:
    with pytest.raises(NameError):
        guest.refuse("expected")
