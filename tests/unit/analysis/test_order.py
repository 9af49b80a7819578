"""Pairs of runs that train the same two phases in both orders."""

from __future__ import annotations

from types import SimpleNamespace

from xdomain.analysis.order import order_pairs
from xdomain.analysis.runs import Run
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.run_id import JOINT, RunId


def pairs(*curricula: str, domains: tuple[str, ...] = ("math", "logic"), strategy: str = JOINT) -> dict[str, list[str]]:
    runs = [Run(RunId(parse_curriculum(text), strategy)) for text in curricula]
    grid = SimpleNamespace(book=SimpleNamespace(trained=runs), domains=domains)
    return {name: [each.label for each in both] for name, both in order_pairs(grid).items()}  # type: ignore[arg-type]


def test_each_pair_once_by_the_order_of_the_domains() -> None:
    expected = {"math, logic": ["math -> logic", "logic -> math"]}
    assert pairs("math -> logic", "logic -> math") == expected
    assert pairs("logic -> math", "math -> logic") == expected


def test_what_has_no_other_order() -> None:
    assert pairs("math", "math -> logic", "math -> math", "math -> logic -> math", "logic -> math@5") == {}


def test_strategies_are_kept_apart() -> None:
    assert pairs("math -> logic", "logic -> math", strategy="cgpo") == {
        "math, logic [cgpo]": ["math -> logic [cgpo]", "logic -> math [cgpo]"]
    }
