"""Curricula that were run with several strategies."""

from __future__ import annotations

from types import SimpleNamespace

from xdomain.analysis.runs import Run
from xdomain.analysis.strategies import Contest, contests
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.run_id import RunId


def found(*runs: tuple[str, str]) -> list[Contest]:
    trained = [Run(RunId(parse_curriculum(text), strategy)) for text, strategy in runs]
    return contests(SimpleNamespace(trained=trained))  # type: ignore[arg-type]


def test_joint_is_the_reference_wherever_it_stands() -> None:
    (contest,) = found(("a + b", "cgpo"), ("a", "joint"), ("a + b", "joint"), ("a + b", "mgs"))
    assert contest.reference.label == "a + b"
    assert [run.label for run in contest.runs] == ["a + b", "a + b [cgpo]", "a + b [mgs]"]


def test_else_the_first() -> None:
    (contest,) = found(("a + b", "mgs"), ("a + b", "cgpo"))
    assert contest.reference.label == "a + b [mgs]"


def test_one_strategy_is_no_contest() -> None:
    assert found(("a + b", "joint"), ("a -> b", "cgpo")) == []
