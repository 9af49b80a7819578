"""`xdomain diagnose` and `xdomain probe` refuse in one paragraph. tests/integration/test_diagnose.py runs them."""

from __future__ import annotations

import pytest

from tests.support.in_process import xdomain_here
from xdomain.api.session import Session


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("diagnose", "base*"), "is a base model: it was not trained from a parent"),
        (("diagnose", "maths"), '"maths" should name one stage. Found none.'),
        (("diagnose", "math, seed 0", "--domains", "logik"), 'unknown domain "logik"'),
        (("probe", "math*", "--domains", "logic"), '"math*" should name one checkpoint'),
        (("probe", "math, seed 0", "--domains", "science"), "has no stored completions on science"),
    ],
)
def test_refusals(smoke: Session, words: tuple[str, ...], reason: str) -> None:
    ended = xdomain_here(*words, "--store", smoke.store.root)
    ended.demand_told()
    assert reason in ended.stderr
    assert ended.stdout == ""
