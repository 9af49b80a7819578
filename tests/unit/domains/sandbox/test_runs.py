"""The three ways of running foreign code, with resource limits alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import read_word, run_calls, run_script, run_tests

LIMITS = Limits(wall_seconds=20.0)
HERE = Unsandboxed()


def test_a_script_has_its_input_output_and_exit_code() -> None:
    run = run_script(HERE, "import sys\nprint(int(input()) + 1)\nsys.exit(3)", "41\n", LIMITS)
    assert (run.ending, run.exit_code, run.stdout) == ("exited", 3, "42\n")


@pytest.mark.parametrize(
    ("program", "limits", "ending"),
    [("while True: pass", Limits(wall_seconds=1.0), "timeout"), ("while True: print('x' * 1000)", LIMITS, "output")],
)
def test_what_overstays_is_ended(program: str, limits: Limits, ending: str) -> None:
    assert run_script(HERE, program, "", limits).ending == ending


def test_calls_stop_at_the_first_that_gives_no_value() -> None:
    program = "def f(x, out=None):\n    if out is not None: out.append(x)\n    return 1 // x"
    run = run_calls(HERE, program, "f", [[1], {"x": 2, "out": [7]}, [0], [1]], LIMITS)
    assert run.values == (1, 0)
    assert run.arguments[1] == {"x": 2, "out": [7, 2]}
    assert run.failure == "raised ZeroDivisionError"


def test_a_program_that_ends_itself_gives_no_value() -> None:
    run = run_calls(HERE, "import os\ndef f(): os._exit(0)", "f", [[]], LIMITS)
    assert (run.values, run.failure) == ((), "ended early")


@pytest.mark.parametrize(
    ("program", "tests", "word", "item_fault"),
    [
        ("def f(x): return x + 1", "def check(c):\n    assert c(1) == 2", "passed", False),
        ("def f(x): return x", "def check(c):\n    assert c(1) == 2", "a test failed", False),
        ("def f(x): raise KeyError", "def check(c):\n    c(1)", "candidate raised KeyError", False),
        ("def f(x): return x", "def check(c):\n    pass", "no test calls the program", True),
        ("def f(x): return x", "def check(c):\n    missing(c(1))", "a test raised NameError", True),
    ],
)
def test_what_tests_say(program: str, tests: str, word: str, item_fault: bool) -> None:
    run = run_tests(HERE, program, "f", "", tests, LIMITS)
    assert (run.ending, run.word, run.item_fault) == ("exited", word, item_fault)


class Failing(Unsandboxed):
    """A sandbox that starts nothing, like bubblewrap where namespaces ran out."""

    def wrap(self, command: Sequence[str], limits: Limits, rules: int) -> list[str]:
        return ["/bin/sh", "-c", "exit 1"]


def test_a_sandbox_that_fails_is_no_failure_of_the_program() -> None:
    for run in (
        lambda: run_script(Failing(), "print(1)", "", LIMITS),
        lambda: run_calls(Failing(), "def f(): return 1", "f", [[]], LIMITS),
        lambda: run_tests(Failing(), "def f(): return 1", "f", "", "def check(c): c()", LIMITS),
    ):
        with pytest.raises(OSError, match="before the program ran"):
            run()


def test_a_name_that_a_result_leaves_without_a_value_is_no_fault_of_the_item() -> None:
    tests = "def check(c):\n    for last in c():\n        pass\n    assert last == 3"
    run = run_tests(HERE, "def f(): return []", "f", "", tests, LIMITS)
    assert (run.word, run.item_fault) == ("a test raised UnboundLocalError", False)


def test_half_a_verdict_is_none() -> None:
    assert read_word(b'{"word": "pas') == ("no verdict", False)
