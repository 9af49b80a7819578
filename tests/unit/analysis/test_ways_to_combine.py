"""The table "Ways to combine" on grids with planted effects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.read_result import read_result
from xdomain.analysis.result import AnalysisResult, Way, WaysToCombine
from xdomain.analysis.study import build_study
from xdomain.analysis.ways_to_combine import ways_to_combine
from xdomain.plan.measurement import DevChoice
from xdomain.report.write import write_report

DOMAINS = ("logic", "puzzle")
OTHERS = ("logic", "puzzle", "logic -> puzzle", "puzzle -> logic", "logic + puzzle", "distill(logic, puzzle)")
GOOD = "merge(2*logic, 2*puzzle)"
"""Twice the gain of both experts, which no other way reaches."""


@pytest.fixture(scope="module")
def result() -> AnalysisResult:
    return analyse(make_grid(DOMAINS, (*OTHERS, GOOD), n_items=150, seed_sd=0.05, saved_every=40))


@pytest.fixture(scope="module")
def pair(result: AnalysisResult) -> WaysToCombine:
    (found,) = result.ways_to_combine
    return found


def test_the_planted_best_way_wins(pair: WaysToCombine) -> None:
    assert pair.leading == GOOD
    assert pair.not_beaten == (GOOD,)
    assert pair.not_beaten_on_worst == (GOOD,)
    assert pair.margin.low is not None
    assert pair.margin.low > 0
    assert f"{GOOD} beats every other way in mean accuracy" in pair.advice
    assert "above the domains' own experts" in pair.advice


def test_ways_are_rows_in_a_fixed_order(pair: WaysToCombine) -> None:
    assert [arm.way for arm in pair.arms] == [
        Way.BEST_ORDER,
        Way.WORST_ORDER,
        Way.MIXTURE,
        Way.MERGE,
        Way.DISTILLATION,
        Way.EXPERTS,
    ]
    best, worst = pair.arms[:2]
    assert best.chosen_of == worst.chosen_of == 2
    assert best.mean.estimate is not None
    assert worst.mean.estimate is not None
    assert best.mean.estimate >= worst.mean.estimate


def test_differences_are_those_of_the_accuracies(pair: WaysToCombine) -> None:
    experts = pair.arms[-1]
    for arm in pair.arms[:-1]:
        gaps = []
        for name in DOMAINS:
            gap = arm.accuracy[name].estimate - experts.accuracy[name].estimate
            assert arm.against_expert[name].estimate == pytest.approx(gap)
            gaps.append(gap)
        assert arm.mean_against_experts.estimate == pytest.approx(sum(gaps) / 2)
        assert arm.mean.estimate == pytest.approx(sum(arm.accuracy[name].estimate for name in DOMAINS) / 2)
        assert arm.worst.estimate == pytest.approx(min(arm.accuracy[name].estimate for name in DOMAINS))


def test_a_chosen_order_has_the_wider_interval(result: AnalysisResult, pair: WaysToCombine) -> None:
    (label,) = pair.arms[0].runs
    plain, chosen = result.matrices["accuracy"].cell(label, "logic"), pair.arms[0].accuracy["logic"]
    assert chosen.estimate == plain.estimate
    assert chosen.high - chosen.low > 1.05 * (plain.high - plain.low)


def test_costs_count_shared_stages_once_and_what_a_run_adds(pair: WaysToCombine) -> None:
    costs = {arm.way: (arm.total.steps, arm.marginal.steps) for arm in pair.arms}
    assert costs[Way.BEST_ORDER] == (80, 40)
    assert costs[Way.MIXTURE] == (40, 40)
    assert costs[Way.MERGE] == (80, 0)
    assert costs[Way.DISTILLATION] == (120, 40)
    assert costs[Way.EXPERTS] == (80, 0)
    distilled = next(arm for arm in pair.arms if arm.way is Way.DISTILLATION)
    assert distilled.total.teacher_passes == 16 * 40
    assert distilled.marginal.taught_tokens == 20 * 16 * 40


def test_a_merge_whose_scale_was_chosen_says_what_was_tried() -> None:
    automatic = "merge(logic, puzzle, scale=auto)"
    grid = make_grid(DOMAINS, (*OTHERS, automatic), (0, 1), n_items=20, samples=1, saved_every=40)
    choices = {0: DevChoice(0.5, ((0.5, 0.4), (1.0, 0.3))), 1: DevChoice(1.0, ((0.5, 0.2), (1.0, 0.3)))}
    checkpoints = tuple(
        replace(each, choice=choices[each.seed]) if str(each.run) == automatic else each for each in grid.checkpoints
    )
    (found,) = analyse(replace(grid, checkpoints=checkpoints)).ways_to_combine
    (arm,) = [arm for arm in found.arms if arm.scales]
    assert arm.runs == (automatic,)
    assert [(each.seed, each.scale) for each in arm.scales] == [(0, 0.5), (1, 1.0)]
    assert [(each.scale, each.dev_accuracy) for each in arm.scales[1].tried] == [(0.5, 0.2), (1.0, 0.3)]


def test_equal_ways_are_called_a_tie() -> None:
    curricula = (*OTHERS, "merge(logic, puzzle)")
    (tied,) = analyse(make_grid(DOMAINS, curricula, n_items=100, null=True, saved_every=40)).ways_to_combine
    assert set(tied.not_beaten) == set(tied.candidates) == set(tied.not_beaten_on_worst)
    assert "none of 5 ways is shown to differ from the best in mean accuracy" in tied.advice
    assert tied.cheapest == "logic + puzzle", "half the steps of the others"
    assert "no difference from the domains' own experts is shown" in tied.advice
    words = {cell.word for arm in tied.arms for cell in arm.against_expert.values()}
    assert words == {"no effect shown"}


def test_ways_that_were_not_run_are_absent() -> None:
    (found,) = analyse(
        make_grid(DOMAINS, ("logic", "puzzle -> logic", "logic + puzzle"), (0,), n_items=30, samples=1, saved_every=40)
    ).ways_to_combine
    assert [arm.way for arm in found.arms] == [Way.ORDER, Way.MIXTURE], "no expert of puzzle, one order, no merge"
    assert list(found.arms[0].against_expert) == ["logic"]
    assert found.arms[0].mean_against_experts.estimate is None
    assert "one seed" in found.advice
    assert analyse(make_grid(DOMAINS, DOMAINS, (0,), n_items=8, saved_every=40)).ways_to_combine == ()


def test_unmeasured_runs_are_left_out() -> None:
    grid = make_grid(DOMAINS, (*OTHERS, GOOD), n_items=30, saved_every=40)
    gone = grid.records["checkpoint"].str.startswith("merge") & (grid.records["domain"] == "puzzle")
    object.__setattr__(grid, "records", grid.records[~gone])
    (found,) = ways_to_combine(build_study(grid))
    assert GOOD not in found.candidates
    assert "merge" not in {str(arm.way) for arm in found.arms}


def test_the_document_is_read_back(result: AnalysisResult, tmp_path) -> None:
    files = write_report(result, tmp_path, ["json"])
    assert read_result(files["json"]) == result
    assert '"ways_to_combine": [' in files["json"].read_text()
