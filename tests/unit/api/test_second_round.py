"""From measured pairs to the experiment of a second round."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xdomain.analysis.ordering import PredictedOrder
from xdomain.api.second_round import order_in_words, second_round, write_second_round
from xdomain.api.session import Session
from xdomain.config.yaml_file import read_yaml
from xdomain.core.errors import ConfigError

FOUND = PredictedOrder(("math", "logic"), 0.031, {("math", "logic"): 0.031}, (), 2)


def test_the_second_round_keeps_settings_and_tries_the_order_its_reverse_and_the_mixture() -> None:
    first = {"name": "first", "grid": {"singles": True}, "training": {"steps": 4}, "evaluation": {"split": "dev"}}
    assert second_round(first, FOUND) == {
        "name": "first-ordered",
        "grid": {"all_mixed": True},
        "curricula": ["math -> logic", "logic -> math"],
        "training": {"steps": 4, "budget": "per_domain"},
        "evaluation": {"split": "test"},
    }
    assert order_in_words(FOUND) == (
        "Order of the smallest predicted forgetting: math -> logic (sum of backward transfer +3.1 points); no other "
        "order cannot be told from it. In a prototype on the tiny model nothing predicted the effect of order, not "
        "even another seed (docs/how-to/score-predictions.md), so take this order as a hypothesis."
    )


def test_an_order_is_not_chosen_on_test_items(smoke: Session, tmp_path: Path) -> None:
    assert smoke.path is not None
    path = Path(shutil.copy(smoke.path, tmp_path))
    with pytest.raises(ConfigError, match="must not be chosen on the test items"):
        write_second_round(smoke.plan, smoke.store, path, read_yaml(path))
    assert [each.name for each in tmp_path.iterdir()] == ["smoke.yaml"]
