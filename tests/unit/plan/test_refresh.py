"""The length and settings of a refresh, and the domain that alarms call to refresh."""

from __future__ import annotations

import pytest

from xdomain.config.training import TrainingConfig
from xdomain.plan.alarms.decision import Decision
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method
from xdomain.plan.alarms.looks import Look, StageLooks
from xdomain.plan.refresh import refresh_settings, refresh_steps, refreshed_domain

DOMAINS = ("logic", "math", "puzzle")
DESIGN = AlarmDesign((5, 10), {name: DomainDesign(Method.SIGN_FLIP, 20) for name in DOMAINS}, 0.02, 400, {})


def training(**alarms: object) -> TrainingConfig:
    return TrainingConfig.model_validate({"steps": 42, "alarms": {"on_alarm": "refresh", **alarms}})


def looks(**changes: float) -> StageLooks:
    """Looks with an alarm in each domain of `changes`, which is its change at the last look; the others fell more."""

    def look(domain: str, step: int, change: float, *, alarm: bool = False) -> Look:
        return Look(step, domain, (1.0,), None, 1, 1, 0.1, Decision(0.01, change, alarm))

    found = [look(name, 5, -0.15, alarm=name in changes) for name in DOMAINS]
    return StageLooks(DESIGN, {}, (*found, *(look(name, 10, changes.get(name, -0.9)) for name in DOMAINS)))


def test_by_default_a_refresh_has_a_quarter_of_the_steps_in_whole_rollouts() -> None:
    assert refresh_steps(42, training()) == 10
    assert refresh_steps(42, training().model_copy(update={"updates_per_rollout": 4})) == 8
    assert refresh_steps(3, training().model_copy(update={"updates_per_rollout": 3})) == 3
    assert refresh_steps(42, training(refresh_steps=6)) == 6


def test_a_refresh_warms_up_and_is_not_monitored() -> None:
    found = refresh_settings(training())
    assert (found.lr_schedule, found.warmup_ratio, found.alarms) == ("constant_with_warmup", 0.2, None)
    cosine = training().model_copy(update={"lr_schedule": "cosine", "warmup_ratio": 0.5})
    assert (refresh_settings(cosine).lr_schedule, refresh_settings(cosine).warmup_ratio) == ("cosine", 0.5)
    assert refresh_settings(training(refresh_warmup=0)).lr_schedule == "constant"
    assert refresh_settings(TrainingConfig()).warmup_ratio == 0.2


def test_the_domain_with_an_alarm_that_is_down_most_at_the_end_is_refreshed() -> None:
    assert refreshed_domain(looks(logic=-0.1, puzzle=-0.2), 0.03) == "puzzle"
    assert refreshed_domain(looks(logic=-0.2, puzzle=-0.2), 0.03) == "logic"


@pytest.mark.parametrize("found", [None, looks(), looks(math=-0.02)])
def test_no_alarm_and_a_domain_that_recovered_call_for_none(found: StageLooks | None) -> None:
    assert refreshed_domain(found, 0.03) is None


def test_a_fall_of_just_the_threshold_counts() -> None:
    assert refreshed_domain(looks(math=-0.03), 0.03) == "math"
