"""Alarms in a result: one entry per run, seed and domain, with the onset from all looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.strategy_grids import strategy_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.result import MonitoredDomain
from xdomain.plan.alarms.decision import Decision
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method
from xdomain.plan.alarms.looks import Look, StageLooks

STEPS = (10, 20, 30, 40)
DESIGN = AlarmDesign(STEPS, {"math": DomainDesign(Method.SIGN_FLIP, 40)}, 0.05, 400, {})


def stage_looks(right: list[int], alarm: int | None) -> StageLooks:
    """Looks at which the first `right[k]` of 40 items are right; the look number `alarm` raises it."""
    looks = []
    for number, (step, count) in enumerate(zip((0, *STEPS), right, strict=True)):
        scores = tuple(np.r_[np.ones(count), np.zeros(40 - count)].tolist())
        decision = Decision(0.001, (count - right[0]) / 40, alarm=number == alarm) if number else None
        looks.append(Look(step, "math", scores, None, 40, 200, 0.1, decision))
    return StageLooks(DESIGN, {"math": tuple(map(str, range(40)))}, tuple(looks))


def monitored(looks: dict[int, StageLooks | None]) -> tuple[MonitoredDomain, ...]:
    grid = strategy_grid({"cgpo": {}}, seeds=(0, 1))
    ends = [replace(end, looks=looks[end.seed]) if end.run.strategy == "cgpo" else end for end in grid.checkpoints]
    return analyse(replace(grid, checkpoints=tuple(ends))).alarms


def test_an_alarm_has_its_onset_and_a_quiet_seed_has_none() -> None:
    damaged, quiet = monitored({0: stage_looks([30, 30, 30, 12, 10], 4), 1: stage_looks([30, 31, 30, 29, 30], None)})
    assert (damaged.seed, damaged.domain, damaged.method, damaged.items) == (0, "math", "sign-flip", 40)
    assert damaged.alarm is not None
    assert (damaged.alarm.step, damaged.alarm.change) == (40, -0.5)
    assert (damaged.alarm.onset_after, damaged.alarm.onset_by) == (20, 30)
    assert damaged.alarm.onset_low <= 20
    assert damaged.alarm.onset_high >= 30
    assert damaged.discordant == 0.5
    assert [look.accuracy for look in damaged.looks] == [0.75, 0.75, 0.75, 0.3, 0.25]
    assert [look.p for look in damaged.looks] == [None, *[0.001] * 4]
    assert (quiet.seed, quiet.alarm) == (1, None)
    assert quiet.detectable_drop == pytest.approx(damaged.detectable_drop)


def test_what_was_not_monitored_has_no_entry() -> None:
    assert monitored({0: None, 1: None}) == ()
    only_reference = stage_looks([30, 30, 30, 30, 30], None)
    assert monitored({0: replace(only_reference, looks=only_reference.looks[:1]), 1: None}) == ()


def test_a_planned_refresh_is_needed_or_not() -> None:
    grid = strategy_grid({"cgpo": {}}, seeds=(0, 1))
    found = stage_looks([30, 30, 30, 12, 10], 4)
    ends = [
        replace(end, looks=found, refreshes={} if end.seed else {"math": True}) if end.run.strategy == "cgpo" else end
        for end in grid.checkpoints
    ]
    assert [each.refresh for each in analyse(replace(grid, checkpoints=tuple(ends))).alarms] == ["needed", None]
