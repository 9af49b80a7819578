"""Programs and tests as people post them: the committed phrasings, in the real sandbox."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.domains.base import Item
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.verifiers.unit_tests import UnitTestChecker

FILE = Path(__file__).parents[1] / "phrasings" / "unit_tests.yaml"
PHRASINGS = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CASES = [(outcome, entry) for outcome, entries in PHRASINGS.items() for entry in entries]


@pytest.fixture(autouse=True)
def sandbox():
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")


def judge(style: str, item: dict, code: str, **settings):
    checker = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style=style, timeout_seconds=8, **settings))
    return checker.judge([Item("i", "p", "g", metadata=item)], [f"```python\n{code}\n```"])[0]


def test_there_are_enough_of_them():
    assert min(len(PHRASINGS["right"]), len(PHRASINGS["wrong"])) >= 20
    assert len({(outcome, entry["style"], entry["name"]) for outcome, entry in CASES}) == len(CASES)


@pytest.mark.parametrize(("outcome", "entry"), CASES, ids=[f"{outcome}: {entry['name']}" for outcome, entry in CASES])
def test_phrasing(outcome, entry):
    found = judge(entry["style"], entry["item"], entry["code"], **entry.get("settings", {}))
    assert found.outcome == outcome, found.reason


def test_an_output_of_more_than_a_megabyte_is_judged():
    tests = [{"input": "", "output": "1\n" * 700_000}]
    assert judge("stdin", {"tests": tests}, "print('1\\n' * 700000)").outcome == "right"
    assert judge("stdin", {"tests": tests}, "print('1\\n' * 699999)").outcome == "wrong"
    assert judge("stdin", {"tests": tests}, "while True: print('1\\n' * 700000)").reason == "test 1: output"
    assert judge("function", {"entry_point": "f", "tests": [{"arguments": [1], "expected": list(range(400_000))}]},
                 "def f(a): return list(range(400000))").outcome == "right"  # fmt: skip


def test_the_items_own_values_are_not_changed():
    tests = [{"arguments": [[3, 1]], "expected": [1, 3]}]
    assert judge("function", {"entry_point": "f", "tests": tests}, "def f(a): a.sort()").outcome == "right"
    assert tests == [{"arguments": [[3, 1]], "expected": [1, 3]}]


def test_arguments_that_no_program_can_be_given_are_the_items_fault():
    item = {"entry_point": "f", "tests": [{"arguments": [object()], "expected": 1}]}
    assert judge("function", item, "def f(a): return 1").outcome == "unscored"


def test_one_overflow_leaves_its_neighbours_their_verdicts():
    checker = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="function"))
    item = Item("i", "p", "g", metadata={"entry_point": "f", "tests": [{"arguments": [200], "expected": 0.5}]})
    codes = ["import math\ndef f(n): return math.factorial(n)", "def f(n): return n / 400"]
    assert [verdict.outcome for verdict in checker.judge([item] * 2, codes)] == ["wrong", "right"]


def test_a_not_a_number_that_is_expected_is_right():
    item = {"entry_point": "f", "tests": [{"arguments": [1], "expected": math.nan}]}
    assert judge("function", item, "def f(a): return float('nan')").outcome == "right"
    assert judge("function", item, "def f(a): return 1.0").outcome == "wrong"


@pytest.mark.parametrize(
    ("completion", "outcome"),
    [
        ("<think>```python\nprint(2)\n```</think>\n```python\nprint(1)\n```", "right"),
        ("<think>```python\nprint(1)\n```</think>\n```python\nprint(2)\n```", "wrong"),
        ("<think>```python\nprint(1)\n```", "malformed"),
        ("```python\nprint(1)", "right"),
        ("  ```py\n  print(1)\n  ```", "right"),
    ],
)
def test_the_code_after_the_reasoning_is_judged(completion, outcome):
    checker = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="stdin", timeout_seconds=8))
    item = Item("i", "p", "g", metadata={"tests": [{"input": "", "output": "1"}]})
    assert checker.judge([item], [completion])[0].outcome == outcome
