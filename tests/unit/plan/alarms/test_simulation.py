"""Operating characteristics of the designs. The slow tests simulate 2,000 null stages per design."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from xdomain.plan.alarms.design import DomainDesign, Method, alarm_design, detectable_drop
from xdomain.plan.alarms.simulation import Scenario, item_scores, simulate, summary

CONFIRM = DomainDesign(Method.CONFIRM, 100, 818, 2)
FLIP = DomainDesign(Method.SIGN_FLIP, 288)
SMALL = DomainDesign(Method.SIGN_FLIP, 50)
NULLS = [
    Scenario(),
    Scenario(accuracy=0.8, churn=0.1),
    Scenario(accuracy=0.3, churn=0.1, shared=False),
]
"""Three domains whose accuracy stays while their items change."""


def false_alarms(design: DomainDesign, looks: int, stages: int) -> float:
    found = list(simulate(design, looks, 0.05 / len(NULLS), NULLS, stages))
    return summary(found)["alarms"]


@pytest.mark.parametrize(("design", "looks"), [(CONFIRM, 12), (SMALL, 3)])
def test_few_null_stages_alarm(design: DomainDesign, looks: int) -> None:
    assert false_alarms(design, looks, 100) <= 0.05 + 2 * sqrt(0.05 * 0.95 / 100)


@pytest.mark.slow
@pytest.mark.parametrize(("design", "looks"), [(CONFIRM, 12), (FLIP, 12), (SMALL, 3)])
def test_at_most_5_percent_of_2000_null_stages_alarm(design: DomainDesign, looks: int) -> None:
    assert false_alarms(design, looks, 2000) <= 0.05 + 2 * sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("begun", [1, 6])
def test_10_points_on_300_items_are_found_within_3_looks(begun: int) -> None:
    design = DomainDesign(Method.SIGN_FLIP, 300)
    found = list(simulate(design, 12, 0.05 / 3, [Scenario(drop=0.1, onset=begun)], 100))
    assert summary(found, begun)["within 3 looks"] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("dev_items", [1000, 999, 100])
@pytest.mark.parametrize("accuracy", [0.5, 0.8])
def test_the_detectable_drop_is_found_in_about_80_percent(dev_items: int, accuracy: float) -> None:
    named = dict.fromkeys("abc", dev_items)
    design = alarm_design(alpha=0.05, budget=0.05, dev_items=named, steps=440, period=1, completions=440 * 64 * 8)
    drop = detectable_drop(design.domains["a"], design.alpha)
    scenario = Scenario(accuracy=accuracy, drop=drop, onset=7)
    found = list(simulate(design.domains["a"], 12, design.alpha, [scenario], 300))
    assert 0.7 <= summary(found, 7)["alarms"] <= 0.97


def test_simulated_accuracy_stays_and_then_falls() -> None:
    scores = item_scores(np.random.default_rng(0), Scenario(accuracy=0.6, drop=0.2, onset=4), 20_000, 6)
    means = scores.mean(axis=0)
    assert means[:4] == pytest.approx([0.6] * 4, abs=0.02)
    assert means[4:] == pytest.approx([0.4] * 3, abs=0.02)
    assert (scores[:, 1] != scores[:, 0]).mean() < 0.05  # shared random numbers
