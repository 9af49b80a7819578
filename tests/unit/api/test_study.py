"""Which evaluations a study asks for."""

from __future__ import annotations

import pytest

from xdomain.api.session import Session
from xdomain.api.study import by_samples, model_graphs
from xdomain.config.study import StudyConfig
from xdomain.core.errors import ConfigError

PAIR = {"name": "M", "base": "base tiny_qwen3", "tuned": "math, seed 0", "trained_on": ["sums"]}
DATA = {
    "name": "s",
    "pairs": [PAIR],
    "groups": {"sums": ["math"], "others": ["logic", "puzzle"]},
    "domains": ["math", "logic", "puzzle"],
    "samples": {"logic": 4},
    "evaluation": {"samples": 2, "temperature": 1.0},
}


def test_benchmarks_are_grouped_by_their_samples(smoke: Session) -> None:
    config = StudyConfig.model_validate(DATA)
    assert by_samples(config) == {2: ["math", "puzzle"], 4: ["logic"]}
    graphs = model_graphs(config, smoke.store, "math, seed 0")
    assert [[stage.domain for stage in graph.evaluations] for graph in graphs] == [["math", "puzzle"], ["logic"]]
    assert len({stage.checkpoint for graph in graphs for stage in graph.evaluations}) == 1


def test_a_stored_checkpoint_has_no_settings_and_is_one(smoke: Session) -> None:
    own = StudyConfig.model_validate(DATA | {"own_settings": {"math, seed 0": {"dtype": "float16"}}})
    with pytest.raises(ConfigError, match="own_settings"):
        model_graphs(own, smoke.store, "math, seed 0")
    several = StudyConfig.model_validate(DATA | {"pairs": [PAIR | {"tuned": "math*"}]})
    with pytest.raises(ConfigError, match="pairs"):
        model_graphs(several, smoke.store, "math*")
