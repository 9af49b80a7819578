"""Finding code and reading an item's tests; tests/integration/test_code_phrasings.py runs programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.core.errors import DependencyMissing
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import CheckRun
from xdomain.domains.verifiers.unit_tests import ItemFault, UnitTestChecker, first_argument, holds, is_changed, word_of


def checker(style: str, **settings: Any) -> UnitTestChecker:
    return UnitTestChecker(UnitTestVerifier.model_validate({"kind": "unit_tests", "style": style, **settings}))


@pytest.mark.parametrize(
    ("style", "metadata"),
    [
        ("stdin", {}),
        ("stdin", {"tests": "[]"}),
        ("function", {"tests": [{"args": [1], "expected": 2}]}),
        ("humaneval", {"prompt": "def f():", "tests": "assert f()"}),
        ("asserts", {"tests": ["assert ("]}),
        ("functional", {"tests": "{"}),
    ],
)
def test_tests_that_cannot_be_read_are_the_items_fault(style: str, metadata: dict[str, Any]) -> None:
    verdict = checker(style).judge_one(Unsandboxed(), Item("i", "p", "", metadata=metadata), "```python\nx = 1\n```")
    assert verdict.outcome is Outcome.UNSCORED
    assert verdict.reason.startswith("the item's tests cannot be read")


def test_a_completion_without_code_is_malformed() -> None:
    made = checker("stdin", answer_in="code_block")
    assert made.judge_one(Unsandboxed(), Item("i", "p", ""), "I cannot.").outcome is Outcome.MALFORMED


def test_words_of_a_run() -> None:
    assert word_of(CheckRun("exited", "passed", False, 0.1)) is None
    assert word_of(CheckRun("exited", "a test failed", False, 0.1)) == "a test failed"
    assert word_of(CheckRun("timeout", "no verdict", False, 10.0)) == "timeout"
    with pytest.raises(ItemFault, match="no test calls the program"):
        word_of(CheckRun("exited", "no test calls the program", True, 0.1))


def test_a_function_that_changes_its_argument() -> None:
    assert is_changed([[1, 2]], [[2, 1]])
    assert not is_changed([[1]], ([1],))
    assert (first_argument([3, 4]), first_argument({"a": 5}), first_argument([])) == (3, 5, None)


def test_a_comparison_that_fails_does_not_hold() -> None:
    assert holds(lambda one, other: bool(one / other), 1, 1)
    assert not holds(lambda one, other: bool(one / other), 1, 0)


def test_packages_are_part_of_a_domain_only_if_named() -> None:
    described = {"name": "code", "source": {"kind": "jsonl", "test": "rows.jsonl"}}

    def identity(**settings: Any) -> Mapping[str, Any]:
        verifier = {"kind": "unit_tests", "style": "asserts", **settings}
        return DataDomain(DomainConfig.model_validate({**described, "verifier": verifier})).verifier_identity()

    assert "packages" not in identity()
    assert identity(packages=["numpy"])["packages"] == ["numpy"]
    with pytest.raises(DependencyMissing, match=r"domains\.code\.verifier\.packages"):
        identity(packages=["no_such_package"])
