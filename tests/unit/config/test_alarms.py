"""Settings of alarms: unknown domains and unsupported actions are refused, and a stage's key does not change."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.plans import make_experiment, make_plan
from xdomain.config.alarms import AlarmsConfig

TRAINING = {"steps": 10, "prompts_per_step": 4, "generations": 2}


def experiment(**alarms: Any) -> Any:
    return make_experiment(training=TRAINING | {"alarms": alarms})


def test_all_domains_are_monitored_by_default() -> None:
    alarms = experiment().training.alarms
    assert alarms == AlarmsConfig(domains="all", alpha=0.05, budget=0.05, on_alarm="warn")
    assert alarms.monitored(("logic", "puzzle")) == ("logic", "puzzle")
    assert experiment(domains=["puzzle"]).training.alarms.monitored(("logic", "puzzle")) == ("puzzle",)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"domains": ["puzle"]}, '"puzle" is not under `domains`: logic, puzzle. Did you mean "puzzle"?'),
        ({"domains": ["logic", "logic"]}, 'the domain "logic" is listed twice'),
        ({"domains": []}, "at least 1 item"),
        ({"on_alarm": "halt"}, "'warn', 'stop' or 'refresh'"),
        ({"on_alarm": "refresh", "refresh_steps": 0}, "greater than or equal to 1"),
        ({"on_alarm": "refresh", "refresh_warmup": 1.0}, "less than 1"),
        ({"alpha": 0.6}, "less than or equal to 0.5"),
        ({"budget": 0.0}, "greater than 0"),
        ({"threshhold": 0.1}, "threshhold"),
    ],
)
def test_what_cannot_work_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        experiment(**settings)
    assert words in str(error.value)


def test_alarms_are_part_of_a_key_only_if_they_may_stop_a_stage() -> None:
    def keys(**alarms: Any) -> list[str]:
        return [stage.key for stage in make_plan(training=TRAINING | {"alarms": alarms or None}).train_stages]

    assert keys() == keys(budget=1.0) == keys(on_alarm="warn", threshold=0.1)
    stop = keys(on_alarm="stop")
    others = [keys(on_alarm="stop", **{name: 0.1}) for name in ("alpha", "budget", "threshold")]
    assert not set(stop) & {*keys(), *(key for each in others for key in each)}
    assert keys() == keys(on_alarm="refresh") == keys(on_alarm="refresh", alpha=0.1, refresh_steps=3)
    plan = make_plan(training=TRAINING | {"alarms": {"on_alarm": "stop"}}, evaluation={"items": 10, "seed": 3})
    assert not set(stop) & set(plan.stages)


def test_a_stage_of_several_processes_cannot_be_stopped() -> None:
    shared = TRAINING | {"rollout_draws": "place", "alarms": {"on_alarm": "stop"}}
    with pytest.raises(ValidationError, match="train_processes above 1"):
        make_experiment(training=shared, execution={"train_processes": 2})


def test_a_refresh_needs_a_budget_that_leaves_room_and_whole_rollouts() -> None:
    with pytest.raises(ValidationError, match="`refresh` adds steps to a curriculum, but the budget `total`"):
        make_experiment(training=TRAINING | {"budget": "total", "alarms": {"on_alarm": "refresh"}})
    alarms = {"on_alarm": "refresh", "refresh_steps": 3}
    with pytest.raises(ValidationError, match=r"refresh_steps should be a multiple of .* = 2\. Found 3"):
        make_experiment(training=TRAINING | {"updates_per_rollout": 2, "alarms": alarms})
