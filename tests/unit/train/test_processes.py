"""Several processes a training stage: what is refused before anything runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities

PLACED = {"steps": 10, "prompts_per_step": 4, "generations": 2, "rollout_draws": "place"}


@pytest.mark.parametrize(
    ("training", "processes", "words"),
    [
        (PLACED | {"rollout_draws": "stream"}, 2, "rollout_draws: place"),
        (PLACED, 3, "should be divisible"),
        (PLACED | {"micro_batch": 8}, 2, "micro_batch 8"),
        (PLACED | {"rollout": "vllm-colocate"}, 1, "vllm-colocate always draws so"),
    ],
)
def test_settings_that_cannot_be_shared(training: dict, processes: int, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_experiment(training=training, execution={"train_processes": processes})


def test_the_number_of_processes_is_no_part_of_a_key() -> None:
    keys = []
    for processes in (1, 2, 4):
        experiment = make_experiment(training=PLACED, execution={"train_processes": processes})
        keys.append(list(build_plan(experiment, resolve_identities(experiment)).stages))
    assert keys[0] == keys[1] == keys[2]


def test_how_completions_are_drawn_is_part_of_a_key() -> None:
    keys = []
    for draws in ("stream", "place"):
        experiment = make_experiment(training=PLACED | {"rollout_draws": draws})
        plan = build_plan(experiment, resolve_identities(experiment))
        keys.append({stage.key for stage in plan.train_stages})
    assert not keys[0] & keys[1]
