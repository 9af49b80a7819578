"""Decisions: exact on small cases, against an independent computation, and never from two items."""

from __future__ import annotations

from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from xdomain.plan.alarms.decision import (
    Decision,
    ScreenAndConfirm,
    SignFlip,
    flip_p,
    mean_known,
    new_watch,
    random_signs,
)
from xdomain.plan.alarms.design import DomainDesign, Method

LOOKS = 12


def no_confirmation() -> Any:
    raise AssertionError("this look needs no confirmation")


def changes(items: int, losses: int, gains: int = 0) -> Any:
    found = np.zeros(items)
    found[:losses] = -1
    found[losses : losses + gains] = 1
    return found


def test_two_discordant_items_never_alarm() -> None:
    for alpha in (0.05, 0.2):
        watch = SignFlip(300, LOOKS, alpha, "two")
        assert not any(watch.look(changes(300, 2)).alarm for _ in range(LOOKS))
        confirm = ScreenAndConfirm(LOOKS, alpha, 2)
        assert not any(confirm.look(changes(100, 2), lambda: changes(900, 2)).alarm for _ in range(LOOKS))


def test_no_change_has_p_1_and_no_alarm() -> None:
    watch = SignFlip(50, 3, 0.05, "still")
    assert [watch.look(np.zeros(50)) for _ in range(3)] == [Decision(1.0, 0.0, alarm=False)] * 3


def test_a_gain_never_alarms() -> None:
    watch = SignFlip(300, LOOKS, 0.05, "gain")
    assert not any(watch.look(changes(300, 0, 90)).alarm for _ in range(LOOKS))


def test_a_collapse_alarms_at_once_and_only_once() -> None:
    watch = SignFlip(300, LOOKS, 0.05 / 3, "collapse")
    found = [watch.look(changes(300, 150)) for _ in range(LOOKS)]
    assert [each.alarm for each in found] == [True] + [False] * 11
    assert found[0].change == -0.5
    assert found[0].p == pytest.approx(1e-4)


def by_hand(history: list[Any], signs: Any, alpha: float, looks: int) -> int | None:
    """Return the look of the alarm by the rule in words: loops over flips, no windows in common with the module."""
    used: set[int] = set()
    for look in range(1, len(history) + 1):
        statistics = []
        for row in signs.T:
            best = -np.inf
            for window in (1, 2, 4, 8):
                if window <= look:
                    mean = np.mean(history[look - window : look], axis=0)
                    size = sqrt(float((mean**2).sum()))
                    best = max(best, -float((row * mean).sum()) / size if size else -np.inf)
            statistics.append(round(best, 6) if best > -np.inf else 0.0)
        allowed = int(alpha * look / looks * signs.shape[1]) - len(used)
        left = [place for place in range(signs.shape[1]) if place not in used]
        crossing = {
            place
            for place in left
            if statistics[place] > 0 and sum(statistics[other] >= statistics[place] for other in left) <= allowed
        }
        if 0 in crossing:
            return look
        used |= crossing
    return None


@pytest.mark.parametrize("seed", range(6))
def test_the_alarm_is_that_of_the_rule_in_words(seed: int) -> None:
    generator = np.random.default_rng(seed)
    items, looks, alpha = 12, 4, 0.2
    watch = SignFlip(items, looks, alpha, "rule")
    watch._signs = watch._signs[:, :400]
    watch._crossed = watch._crossed[:400]
    history = [generator.choice([-1.0, 0.0, 1.0], size=items, p=[0.4, 0.4, 0.2]) for _ in range(looks)]
    found = [watch.look(each).alarm for each in history]
    expected = by_hand(history, watch._signs, alpha, looks)
    assert (found.index(True) + 1 if True in found else None) == expected


def test_all_flips_together_alarm_at_most_alpha_of_the_time() -> None:
    """With every flip as the data, the share of alarms is the size of the test, and it is exact."""
    items, looks, alpha = 8, 3, 0.1
    generator = np.random.default_rng(3)
    history = [generator.choice([-1.0, 0.0, 1.0], size=items) for _ in range(looks)]
    every = np.array(list(product([1, -1], repeat=items)), dtype=np.int8)
    alarms = 0
    for row in every:
        watch = SignFlip(items, looks, alpha, "size")
        watch._signs = every.T
        watch._crossed = np.zeros(len(every), dtype=bool)
        alarms += sum([watch.look(row * each).alarm for each in history])
    assert alarms / len(every) <= alpha


def test_the_first_look_may_count_enough_flips() -> None:
    watch = SignFlip(20, 12, 0.001, "strict")
    assert int(0.001 / 12 * watch._signs.shape[1]) >= 10


@pytest.mark.parametrize(("losses", "gains"), [(10, 2), (3, 3), (0, 5), (40, 20)])
def test_p_of_one_look_is_the_binomial_tail(losses: int, gains: int) -> None:
    expected = stats.binomtest(losses, losses + gains, 0.5, alternative="greater").pvalue
    assert flip_p(changes(100, losses, gains)) == pytest.approx(expected)


def test_p_of_one_look_with_partial_scores_agrees_with_all_flips() -> None:
    values = np.array([-0.5, -1.0, 0.25, -0.75, -0.5, 0.5, -1.0, -0.25])
    sums = np.array([(np.array(signs) * values).sum() for signs in product([1, -1], repeat=8)])
    assert flip_p(values) == pytest.approx(float((sums <= values.sum() + 1e-9).mean()), abs=0.015)


def test_confirmations_are_spread_over_the_stage_and_decide_on_other_items() -> None:
    watch = ScreenAndConfirm(12, 0.05, 2)
    found = [watch.look(changes(100, 10), lambda: changes(900, 30, 30)) for _ in range(12)]
    assert [each.confirmed for each in found] == [True] + [False] * 5 + [True] + [False] * 5
    assert not any(each.alarm for each in found)
    late = ScreenAndConfirm(12, 0.05, 2)
    quiet = [late.look(changes(100, 1, 1), no_confirmation) for _ in range(6)]
    assert {each.alarm for each in quiet} == {False}
    alarm = late.look(changes(100, 10), lambda: changes(900, 60, 20))
    assert (alarm.alarm, alarm.confirmed, alarm.change) == (True, True, pytest.approx(-40 / 900))
    assert not late.look(changes(100, 50), no_confirmation).alarm  # it was raised


def test_missing_scores_are_no_difference() -> None:
    values = changes(30, 12)
    values[20:] = np.nan
    assert mean_known(values) == pytest.approx(-12 / 20)
    assert SignFlip(30, 2, 0.05, "gaps").look(values).p == SignFlip(30, 2, 0.05, "gaps").look(changes(30, 12)).p
    assert mean_known(np.full(3, np.nan)) == 0.0


def test_the_first_sign_is_the_data_and_names_seed_the_rest() -> None:
    signs = random_signs(99, 10, "a")
    assert signs.shape == (10, 100)
    assert (signs[:, 0] == 1).all()
    assert (signs == random_signs(99, 10, "a")).all()
    assert not (signs == random_signs(99, 10, "b")).all()


def test_the_method_decides_the_watch() -> None:
    assert isinstance(new_watch(DomainDesign(Method.SIGN_FLIP, 30), 4, 0.05, "x"), SignFlip)
    assert isinstance(new_watch(DomainDesign(Method.CONFIRM, 100, 900, 2), 4, 0.05, "x"), ScreenAndConfirm)
