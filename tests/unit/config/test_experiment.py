"""Rules that bind the parts of an experiment together; test_load.py reads them from files."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": "cgpo", "strategies": ["joint"]}, "Remove one of them"),
        ({"strategy": ["joint", "cgpo"]}, "should be one strategy"),
        ({"strategies": "cgpo"}, "should be a list"),
        ({"name": "A"}, "names a folder"),
        ({"domains": ["logic", "logic"]}, "twice"),
        ({"grid": {"refresh": 2}, "domains": ["logic"]}, "needs two domains"),
        ({"grid": {"refresh": 2}, "training": {"steps": 4, "budget": "total"}}, "divides them itself"),
        ({"grid": {}}, "nothing to train"),
    ],
)
def test_mistakes(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(**changes)


def test_one_strategy_is_short_for_a_list() -> None:
    assert make_experiment(strategy="cgpo").strategies == make_experiment(strategies=["cgpo"]).strategies


def test_a_model_alone_is_evaluated() -> None:
    assert make_experiment(grid={}, curricula=[]).curricula == ()
