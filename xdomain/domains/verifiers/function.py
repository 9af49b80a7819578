"""Verifier that calls a user's function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from xdomain.config.domain_verifier import FunctionVerifier
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.user_function import UserFunction, plain_number
from xdomain.domains.verifiers.base import OneByOne


class FunctionChecker(OneByOne):
    """A verifier that calls `function(item, completion)` and turns its result into a verdict.

    A `Verdict` is kept. True is right, and False is wrong. A number from 0 to 1 is the credit: 1 is right, and less is
    wrong with that credit. Any other result is unscored, and so is an exception.
    """

    def __init__(self, config: FunctionVerifier) -> None:
        self.id = f"function/{config.source_digest[:16]}"
        self._function = UserFunction(config, arguments=2)

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        self._function.load()  # a failed import is an error of the whole evaluation, not of one completion
        return super().judge(items, completions)

    def judge_one(self, item: Item, completion: str) -> Verdict:
        returned, problem = self._function.call(item, completion)
        return Verdict.unscored(problem) if problem else verdict_of(returned)

    def preflight(self) -> None:
        self._function.load()


def verdict_of(returned: Any) -> Verdict:
    """Return the verdict that a function's result means. A result without meaning is unscored, with a reason."""
    if isinstance(returned, Verdict):
        return checked(returned)
    number = plain_number(returned)
    if isinstance(number, bool):
        return Verdict.right("true") if number else Verdict.wrong("false")
    if number is None:
        return Verdict.unscored(
            f"the function returned {type(returned).__name__}, not a Verdict, a truth value or a number from 0 to 1"
        )
    if math.isnan(number) or not 0 <= number <= 1:
        return Verdict.unscored(f"the function returned {number:g}, and a credit is a number from 0 to 1")
    return Verdict.right(f"credit {number:g}") if number == 1 else Verdict.wrong(f"credit {number:g}", score=number)


def checked(verdict: Verdict) -> Verdict:
    """Return a verdict unchanged if its fields have the types that records need, otherwise an unscored verdict."""
    number = plain_number(verdict.score)
    texts = isinstance(verdict.reason, str) and isinstance(verdict.answer, str | None)
    if verdict.outcome not in list(Outcome) or (verdict.score is not None and number is None) or not texts:
        return Verdict.unscored("the function returned a Verdict whose fields have other types than Verdict demands")
    score = None if number is None else float(number)
    answer = None if verdict.answer is None else writable(verdict.answer)
    return Verdict(Outcome(verdict.outcome), score, writable(verdict.reason), answer)


def writable(text: str) -> str:
    """Return the text with lone surrogates replaced by question marks, so that any file can hold it."""
    return text.encode("utf-8", "replace").decode("utf-8")
