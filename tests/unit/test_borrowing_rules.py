"""From which evaluations another one may take completions and verdicts."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.plans import make_plan
from xdomain.config.backend import BACKENDS, REPEATS_SAMPLES
from xdomain.plan.borrowing import draw_key, judged_alike, may_borrow


def payload(**changes: Any) -> dict[str, Any]:
    """Of one evaluation; `changes` are dotted, with "__" for the dot."""
    found = deepcopy(dict(make_plan().evaluations[0].payload))
    for name, value in changes.items():
        *path, last = name.split("__")
        inner = found
        for part in path:
            inner = inner[part]
        inner[last] = value
    return found


ALIKE = {
    "items__count": 20,
    "items__identity": {"data": "one more row"},
    "sampling__samples": 4,
    "verifier": {"scorer": "repaired/2"},
}
OTHER = {
    "checkpoint": {"stage": "other", "step": 0},
    "items__domain": "puzzle",
    "items__split": "dev",
    "sampling__temperature": 1.0,
    "sampling__max_completion_tokens": 7,
    "sampling__backend": "vllm",
    "sampling__stop": ["\n"],
    "seed": 1,
    "version": 99,
    "threads": 2,
}


@pytest.mark.parametrize("name", ALIKE)
def test_drawn_alike(name: str) -> None:
    assert draw_key(payload(**{name: ALIKE[name]})) == draw_key(payload())


@pytest.mark.parametrize("name", OTHER)
def test_drawn_otherwise(name: str) -> None:
    assert draw_key(payload(**{name: OTHER[name]})) != draw_key(payload())


@pytest.mark.parametrize("backend", ["transformers", "vllm", "endpoint", "a-plugin"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_only_what_would_be_drawn_again_is_mixed_with_new_completions(backend: str, temperature: float) -> None:
    """A whole set of completions may be judged again, whoever drew it."""
    common = {"sampling__backend": backend, "sampling__temperature": temperature}
    asked = payload(**common)
    repeats = temperature == 0 or backend == "transformers"
    assert may_borrow(asked, payload(**common, verifier={"scorer": "repaired/2"}))
    assert may_borrow(asked, payload(**common, items__count=3)) is repeats
    assert may_borrow(asked, payload(**common, sampling__samples=3)) is repeats


def test_verdicts_hold_for_the_same_items_and_verifier() -> None:
    assert judged_alike(payload(), payload(items__count=3, sampling__samples=2))
    assert not judged_alike(payload(), payload(verifier={"scorer": "repaired/2"}))
    assert not judged_alike(payload(), payload(items__identity={"data": "other golds"}))


def test_backends_that_repeat_samples_exist() -> None:
    assert not REPEATS_SAMPLES - set(BACKENDS.names())
