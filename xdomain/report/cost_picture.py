"""Total cost against worst-domain accuracy as coordinates that the HTML page and the figures draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from xdomain.analysis.result import AnalysisResult, WayArm, WaysToCombine
from xdomain.report.numbers import count_text, estimate_text, interval_text
from xdomain.report.ways import COSTS


@dataclass(frozen=True)
class CostBox:
    """Layout of a picture. Coordinates start at the upper left; text is 11 units high.

    Attributes:
        height: Height without the key below.
        line: Height of a line of the key.
    """

    width: float = 560
    height: float = 240
    left: float = 46
    right: float = 530
    top: float = 14
    bottom: float = 196
    line: float = 15
    y_title: str = "worst domain, percent"


COST_BOX = CostBox()
TICKS = 4
GAP = 16
"""Smallest distance between points."""


@dataclass(frozen=True)
class Mark:
    """One arm: a point with a vertical interval, and its line of the key.

    Attributes:
        number: Number beside the point and in the key, from 1.
        colour: 1-based number of the way's series colour.
        low_y, high_y: Ends of the interval; equal to `y` without an interval.
        text: Way, runs and numbers in words.
    """

    number: int
    colour: int
    x: float
    y: float
    low_y: float
    high_y: float
    text: str


@dataclass(frozen=True)
class CostPicture:
    """The arms of one set of domains."""

    title: str
    x_title: str
    marks: tuple[Mark, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]

    @property
    def height(self) -> float:
        """Height of the picture with its key."""
        return COST_BOX.height + COST_BOX.line * len(self.marks) + 8


def cost_pictures(result: AnalysisResult) -> list[CostPicture]:
    """Return one picture per set of domains. A set without known costs has none."""
    return [picture for picture in map(_picture, result.ways_to_combine) if picture.marks]


def _picture(found: WaysToCombine) -> CostPicture:
    arms = [arm for arm in found.arms if arm.worst.estimate is not None and _cost(found, arm) is not None]
    most = max((_cost(found, arm) or 0.0 for arm in arms), default=0.0) or 1.0
    ends = [end for arm in arms for end in (arm.worst.low, arm.worst.high, arm.worst.estimate) if end is not None]
    low, high = _limits(ends)

    def x(cost: float) -> float:
        return round(COST_BOX.left + (COST_BOX.right - COST_BOX.left) * cost / (1.04 * most), 1)

    def y(accuracy: float) -> float:
        return round(COST_BOX.top + (COST_BOX.bottom - COST_BOX.top) * (1 - (accuracy - low) / (high - low)), 1)

    places = _side_by_side([x(_cost(found, arm) or 0.0) for arm in arms])
    ways = list(dict.fromkeys(arm.way for arm in arms))
    marks = []
    for number, arm in enumerate(arms, 1):
        cost, worst = _cost(found, arm) or 0.0, arm.worst
        value = worst.estimate or 0.0
        words = f"{estimate_text('fraction', value, signed=False)} {interval_text('fraction', worst.low, worst.high)}"
        marks.append(
            Mark(
                number=number,
                colour=ways.index(arm.way) + 1,
                x=places[number - 1],
                y=y(value),
                low_y=y(value if worst.low is None else worst.low),
                high_y=y(value if worst.high is None else worst.high),
                text=f"{arm.way}: {', '.join(arm.runs)}: {words.strip()}, {count_text(cost)}",
            )
        )
    return CostPicture(
        title=found.title,
        x_title=f"total cost, {COSTS[found.cost_amount]}",
        marks=tuple(marks),
        x_ticks=tuple((x(cost), count_text(cost)) for cost in _round_costs(most)),
        y_ticks=tuple(
            (y(low + (high - low) * tick / TICKS), f"{100 * (low + (high - low) * tick / TICKS):.0f}")
            for tick in range(TICKS + 1)
        ),
    )


def _cost(found: WaysToCombine, arm: WayArm) -> float | None:
    value: float | None = getattr(arm.total, found.cost_amount)
    return value


def _round_costs(most: float) -> list[float]:
    """Return multiples of a round number from 0 to `most`, at most `TICKS` besides 0."""
    unit = 10 ** math.floor(math.log10(most / TICKS))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor * TICKS >= most)
    return [step * number for number in range(math.floor(most / step) + 1)]


def _side_by_side(places: list[float]) -> list[float]:
    """Move points that would cover each other apart, evenly around the middle of their places."""
    moved = list(places)
    order = sorted(range(len(places)), key=places.__getitem__)
    breaks = [n for n in range(1, len(order)) if places[order[n]] - places[order[n - 1]] >= GAP]
    for first, last in pairwise([0, *breaks, len(order)]):
        group = order[first:last]
        half = GAP * (len(group) - 1) / 2
        middle = min(sum(places[position] for position in group) / max(len(group), 1), COST_BOX.right - half)
        for number, position in enumerate(group):
            moved[position] = round(middle - half + GAP * number, 1)
    return moved


def _limits(ends: list[float]) -> tuple[float, float]:
    """Return limits of the accuracy axis, multiples of 4 points, so that its ticks are whole percents."""
    if not ends:
        return 0.0, 1.0
    low = max(0.0, int(25 * min(ends)) / 25)
    high = min(1.0, -int(-25 * max(ends) - 1) / 25)
    return (low, high) if high > low else (low, low + 0.04)
