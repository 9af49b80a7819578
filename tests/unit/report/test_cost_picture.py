"""The layout of total cost against worst-domain accuracy."""

from __future__ import annotations

from itertools import pairwise

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.result import RunCost
from xdomain.report.cost_picture import COST_BOX, GAP, cost_pictures

CURRICULA = ("a", "b", "a -> b", "b -> a", "a + b", "merge(a, b)")


def test_points_are_placed_by_cost_and_accuracy() -> None:
    result = analyse(make_grid(("a", "b"), CURRICULA, (0, 1), n_items=20, samples=2, saved_every=40))
    (picture,) = cost_pictures(result)
    (found,) = result.ways_to_combine
    assert len(picture.marks) == len(found.arms)
    assert picture.x_title == "total cost, generated tokens"
    mixture = next(mark for mark in picture.marks if mark.text.startswith("mixture"))
    assert all(mixture.x < mark.x for mark in picture.marks if mark is not mixture), "half the cost of the others"
    places = sorted(mark.x for mark in picture.marks)
    assert min(b - a for a, b in pairwise(places)) >= GAP - 0.2, "equal costs are drawn side by side"
    costs = [float(text.replace(",", "")) for _, text in picture.x_ticks]
    assert costs == [costs[1] * number for number in range(len(costs))]
    assert str(int(costs[1])).rstrip("0") in {"1", "2", "5"}
    by_height = sorted(picture.marks, key=lambda mark: -mark.y)
    accuracies = [found.arms[mark.number - 1].worst.estimate for mark in by_height]
    assert accuracies == sorted(accuracies)
    for mark in picture.marks:
        assert COST_BOX.top <= mark.high_y <= mark.y <= mark.low_y <= COST_BOX.bottom
        assert COST_BOX.left <= mark.x <= COST_BOX.width


def test_arms_without_a_known_cost_are_left_out() -> None:
    result = analyse(make_grid(("a", "b"), CURRICULA, (0,), n_items=10, samples=1, saved_every=40))
    (found,) = result.ways_to_combine
    arms = tuple(arm.model_copy(update={"total": RunCost()}) for arm in found.arms)
    blank = result.model_copy(update={"ways_to_combine": (found.model_copy(update={"arms": arms}),)})
    assert cost_pictures(blank) == []
    steps = (arms[0].model_copy(update={"total": RunCost(steps=10)}), *arms[1:])
    one = result.model_copy(update={"ways_to_combine": (found.model_copy(update={"arms": steps}),)})
    (picture,) = cost_pictures(one)
    assert picture.x_title == "total cost, steps"
    assert len(picture.marks) == 1
