"""The sentence of advice, which states only what the intervals allow."""

from __future__ import annotations

from typing import Any

from xdomain.analysis.result import Cell, RunCost, Way, WayArm, WaysToCombine
from xdomain.analysis.ways_advice import advice, cheapest, listed

RUNS = ("a -> b", "a + b", "merge(a, b)")
COSTS = dict(zip(RUNS, (RunCost(steps=80), RunCost(steps=40), RunCost(steps=40)), strict=True))
MEANS = dict(zip(RUNS, (0.5, 0.4, 0.45), strict=True))


def found(not_beaten: tuple[str, ...], margin: Cell | None = None, **changes: Any) -> WaysToCombine:
    against = Cell(estimate=-0.03, low=-0.05, high=-0.01, word="loss")
    arms = tuple(
        WayArm(
            way=Way.MERGE,
            runs=(run,),
            accuracy={},
            against_expert={},
            mean=Cell(),
            mean_against_experts=against,
            worst=Cell(),
            total=COSTS[run],
        )
        for run in RUNS
    )
    values = {
        "domains": ("a", "b"), "arms": arms, "candidates": RUNS, "leading": "a -> b",
        "margin": margin or Cell(estimate=0.04, low=0.01, high=0.07), "not_beaten": not_beaten,
        "not_beaten_on_worst": RUNS, "cheapest": not_beaten[-1], "advice": "",
    }  # fmt: skip
    return WaysToCombine(**(values | changes))


def test_one_way_that_beats_all() -> None:
    assert advice(found(("a -> b",)), COSTS) == (
        "For a and b, a -> b beats every other way in mean accuracy, the next by 4.0 points [1.0, 7.0]; it ends 3.0 "
        "points [1.0, 5.0] below the domains' own experts on average."
    )


def test_one_way_that_only_leads() -> None:
    words = advice(found(("a -> b",), Cell(estimate=0.04, low=-0.01, high=0.09)), COSTS)
    assert "is the only way not beaten in mean accuracy; it leads the next by 4.0 points" in words
    assert "beats" not in words


def test_a_tie_names_the_cheapest() -> None:
    words = advice(found(("a -> b", "a + b")), COSTS)
    assert "a -> b and a + b (2 of 3 ways) are not shown to differ in mean accuracy" in words
    assert "a + b costs least of them, 40 steps in total" in words
    assert "none of 3 ways is shown to differ" in advice(found(RUNS), COSTS)


def test_without_costs_nothing_is_called_cheap() -> None:
    nothing = dict.fromkeys(RUNS, RunCost())
    assert cheapest(found(RUNS), nothing, MEANS) == "a -> b"
    assert "costs are not recorded" in advice(found(RUNS), nothing)


def test_among_equal_costs_the_highest_mean_is_taken() -> None:
    assert cheapest(found(RUNS), COSTS, MEANS) == "merge(a, b)"


def test_a_loss_on_the_worst_domain_and_one_seed_are_said() -> None:
    one_seed = Cell(estimate=0.04, low=0.01, high=0.07, speaks_of="these checkpoints")
    words = advice(found(("a -> b",), one_seed, not_beaten_on_worst=("a + b",)), COSTS)
    assert "but on the worst domain it is beaten, and a + b is not" in words
    assert words.endswith("one seed: this holds for these checkpoints only.")


def test_long_lists_are_shortened() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"
