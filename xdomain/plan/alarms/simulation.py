"""Simulate stages in order to measure what a design of alarms finds, and how often it is wrong.

Each item has a probability of a right answer. At every look a share of the items gets a new probability from the same
distribution, so single items change while the accuracy stays. Damage lowers all probabilities in the same ratio from
one look on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xdomain.plan.alarms.decision import FloatArray, new_watch
from xdomain.plan.alarms.design import DomainDesign
from xdomain.plan.alarms.onset import onset

CONCENTRATION = 1.0
"""Sum of the two parameters of the beta distribution of an item's probability. At 1, most items are easy or hard."""


@dataclass(frozen=True)
class Scenario:
    """What happens to one domain during a stage.

    Attributes:
        accuracy: Accuracy at the reference.
        drop: Damage: the accuracy falls by this much.
        onset: First look with damage, from 1.
        churn: Share of items that get a new probability at each look.
        shared: Whether all looks use the same random numbers, as the tool's looks do.
    """

    accuracy: float = 0.5
    drop: float = 0.0
    onset: int = 1
    churn: float = 0.05
    shared: bool = True


@dataclass(frozen=True)
class Found:
    """Result of one simulated stage.

    Attributes:
        alarms: Look of the first alarm of each domain; None without one.
        completions: Number of completions of all looks.
        onset_covered: Whether the interval of the first domain's onset holds the true look; None without damage.
        p_values: p value of each look of the first domain.
    """

    alarms: tuple[int | None, ...]
    completions: int
    onset_covered: bool | None
    p_values: tuple[float, ...]

    @property
    def first(self) -> int | None:
        """Return the look of the first alarm in any domain."""
        return min((look for look in self.alarms if look is not None), default=None)


def simulate(
    design: DomainDesign, looks: int, alpha: float, scenarios: Sequence[Scenario], stages: int, seed: int = 0
) -> Iterator[Found]:
    """Yield the results of `stages` stages.

    Args:
        design: Design of every domain.
        looks: Number of looks after the reference.
        alpha: Probability of a false alarm per domain.
        scenarios: What happens to each monitored domain.
        stages: Number of stages.
        seed: Seed of the stages.
    """
    for stage in range(stages):
        generator = np.random.default_rng((seed, stage))
        found = [_domain(generator, design, looks, alpha, scenario, index) for index, scenario in enumerate(scenarios)]
        yield Found(tuple(each[0] for each in found), sum(each[1] for each in found), found[0][2], tuple(found[0][3]))


def _domain(
    generator: np.random.Generator, design: DomainDesign, looks: int, alpha: float, scenario: Scenario, index: int
) -> tuple[int | None, int, bool | None, list[float]]:
    scores = item_scores(generator, scenario, design.items + design.confirm_items, looks)
    differences = scores[:, 1:] - scores[:, :1]
    watched, others = differences[: design.items], differences[design.items :]
    watch = new_watch(design, looks, alpha, index)
    completions = len(scores)
    alarm = None
    p_values = []
    for look in range(looks):
        decision = watch.look(watched[:, look], _column(others, look))
        completions += len(watched) + (len(others) if decision.confirmed else 0)
        p_values.append(decision.p)
        if decision.alarm:
            alarm = look + 1
    covered = None
    if scenario.drop > 0:
        found = onset(watched, range(1, looks + 1))
        covered = found.low < scenario.onset <= found.high
    return alarm, completions, covered, p_values


def _column(values: FloatArray, look: int) -> Callable[[], FloatArray]:
    return lambda: values[:, look]


def item_scores(generator: np.random.Generator, scenario: Scenario, items: int, looks: int) -> FloatArray:
    """Return simulated scores (0 or 1), shape [items, 1 + looks], the reference first."""
    shape = CONCENTRATION * scenario.accuracy, CONCENTRATION * (1 - scenario.accuracy)
    chances = generator.beta(*shape, size=(items, looks + 1))
    renewed = generator.random((items, looks + 1)) < scenario.churn
    renewed[:, 0] = True
    latest = np.maximum.accumulate(np.where(renewed, np.arange(looks + 1), 0), axis=1)
    chances = np.take_along_axis(chances, latest, axis=1)
    chances[:, scenario.onset :] *= 1 - scenario.drop / scenario.accuracy
    draws = generator.random((items, 1 if scenario.shared else looks + 1))
    return (draws < chances).astype(np.float64)


def summary(found: Sequence[Found], onset_look: int | None = None) -> Mapping[str, float]:
    """Return the share of stages with an alarm, the median delay in looks, and the mean completions of a stage.

    Args:
        found: Results of stages.
        onset_look: First look with damage, from which alarms and delays are counted; None counts every alarm.
    """
    first = [each.first for each in found]
    counted = [look for look in first if look is not None and (onset_look is None or look >= onset_look)]
    delays = [look - (onset_look or 1) + 1 for look in counted]
    return {
        "alarms": len(counted) / len(found),
        "within 3 looks": sum(delay <= 3 for delay in delays) / len(found),
        "delay": float(np.median(delays)) if delays else float("nan"),
        "completions": float(np.mean([each.completions for each in found])),
    }
