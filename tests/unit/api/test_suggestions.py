"""Suggestions on the store of the smoke grid, which has one seed, and on synthetic seeds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.in_process import xdomain_here
from xdomain.api.session import Session, open_experiment
from xdomain.api.suggestions import Suggestions, suggest
from xdomain.core.errors import AnalysisError, PlanError

SMOKE = Path(__file__).parents[3] / "experiments" / "smoke.yaml"
CONTRASTS = (
    'analysis.contrasts=["retention(math -> logic)", "transfer(math on logic)", "order(math, logic) on math", '
    '"asymmetry(math, logic)"]'
)


def opened(smoke: Session, seeds: list[int], setting: str = CONTRASTS) -> Session:
    return open_experiment(SMOKE, store=smoke.store, seeds=seeds, settings=[setting])


def found(smoke: Session, seeds: list[int], most: int = 10) -> Suggestions:
    session = opened(smoke, seeds)
    return suggest(session.plan, session.store, most)


def test_unrun_planned_seeds_are_named_with_the_steps_that_are_left(smoke: Session) -> None:
    suggestions = found(smoke, [0, 5])
    assert [(each.runs, each.seed, each.planned, each.steps) for each in suggestions.found] == [
        (("math -> logic", "math"), 5, True, 240),
        (("math",), 5, True, 120),
        (("math -> logic", "logic -> math"), 5, True, 480),
    ]
    first = suggestions.found[0]
    assert [each.contrast for each in first.contrasts] == ["retention(math -> logic)", "transfer(math) on logic"]
    assert first.narrows == pytest.approx(sum(each.now - each.then for each in first.contrasts))
    assert all(each.assumed and each.now == 1 and 0.02 < each.then < 0.2 for each in first.contrasts)


def test_a_new_seed_is_named_if_every_planned_one_was_run(smoke: Session) -> None:
    suggestions = found(smoke, [0], most=2)
    assert [(each.seed, each.planned) for each in suggestions.found] == [(1, False), (1, False)]
    assert [row[1] for row in suggestions.rows()] == ["1 (new)", "1 (new)"]


def test_contrasts_that_cannot_be_narrowed_are_refused(smoke: Session) -> None:
    for setting in ("analysis.contrasts=[]", 'analysis.contrasts=["asymmetry(math, logic)"]'):
        session = opened(smoke, [0], setting)
        with pytest.raises(PlanError, match=r"analysis\.contrasts: there is no declared contrast to narrow"):
            suggest(session.plan, session.store, 1)


def test_a_store_without_evaluations_is_refused(tmp_path: Path) -> None:
    session = open_experiment(SMOKE, store=tmp_path / "store", settings=[CONTRASTS])
    with pytest.raises(AnalysisError, match="nothing was evaluated"):
        session.forecast().suggest(1)


def test_the_command_prints_them_as_a_table_and_as_json(smoke: Session) -> None:
    words = ("grid", "plan", SMOKE, "--store", smoke.store.root, "--seeds", "0,5", "--set", CONTRASTS, "--suggest", "2")
    shown = xdomain_here(*words)
    assert shown.code == 0, shown.stderr
    assert all(words in shown.stdout for words in ("train", "narrows by", "half-width now")), shown.stdout
    data = json.loads(xdomain_here(*words, "--json").stdout)["suggestions"]
    assert [each["runs"] for each in data] == [["math -> logic", "math"], ["math"]]
