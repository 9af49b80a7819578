"""Falls, steps to a target and gains over steps, against the levels that they are made from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.course import WINDOW, course, later_courses, steps_to_target
from xdomain.analysis.result import AnalysisResult
from xdomain.analysis.result.course import LaterCourse, StepsToTarget
from xdomain.analysis.study import Study, build_study
from xdomain.plan.measurement import MeasuredGrid

DOMAINS = ("math", "science", "logic")
RETURN = "math -> science -> refresh(math)@40"


@pytest.fixture(scope="module")
def grid() -> MeasuredGrid:
    curricula = (*family(DOMAINS, mixed=False), RETURN, "logic -> refresh(math)@40", "logic -> math -> science")
    return make_grid(DOMAINS, curricula, seeds=(0, 1, 2), n_items=40, samples=2, saved_every=10)


@pytest.fixture(scope="module")
def result(grid: MeasuredGrid) -> AnalysisResult:
    return analyse(grid)


def planted(study: Study, changes: dict[tuple[str, int], float], domain: str = "math") -> Study:
    """Give every item of some checkpoints of (run, step) a score that is lower than the base model's."""
    panel = study.panels[domain]
    mean = panel.mean.copy()
    base = panel.row("base@0")
    for run in study.book:
        for group in run.saved.values():
            for each in group:
                row = panel.row(each.checkpoint)
                if row is not None and row != base:
                    drop = changes.get((run.label, each.step), 0.0)
                    mean[row] = mean[base] + drop * np.linspace(0.8, 1.2, mean.shape[1])
    return replace(study, panels={**study.panels, domain: replace(panel, mean=mean)})


def later(found: AnalysisResult, run: str, domain: str) -> LaterCourse:
    return next(each for each in found.course.later if (each.run, each.domain) == (run, domain))


def test_a_later_course_counts_from_the_last_phase_on_the_domain(result: AnalysisResult) -> None:
    trained, never = later(result, "math -> science", "math"), later(result, "math -> science", "logic")
    assert (trained.since, trained.checkpoints, trained.window) == ("math", 4, WINDOW)
    assert (never.since, never.checkpoints) == ("base", 8)
    assert trained.end.estimate == pytest.approx(result.matrix("retention").cell("math -> science", "math").estimate)
    assert not any((each.run, each.domain) == ("math", "math") for each in result.course.later)
    assert later(result, "logic -> math -> science", "logic").checkpoints == 8


def test_the_lowest_is_the_lowest_point_of_the_trajectory(result: AnalysisResult) -> None:
    found = later(result, "math -> science", "math")
    line = next(t for t in result.trajectories if (t.curriculum, t.domain) == ("math -> science", "math"))
    levels = {point.total_steps: point.estimate for point in line.points if point.total_steps >= 40}
    step = min(list(levels)[1:], key=levels.__getitem__)
    assert found.lowest_step == step
    assert found.lowest.estimate == pytest.approx(levels[step] - levels[40])
    means = [np.mean([levels[each] for each in steps]) for steps in ((50, 60, 70), (60, 70, 80))]
    assert found.lowest_window.estimate == pytest.approx(min(means) - levels[40])
    assert found.lowest.low is not None
    assert found.lowest.low < found.lowest.estimate


def test_a_fall_has_an_onset_and_a_steady_course_has_none(grid: MeasuredGrid) -> None:
    study = planted(build_study(grid), {("math -> science", step): -0.3 for step in (30, 40)})
    found = {(each.run, each.domain): each for each in later_courses(study)}
    fall = found["math -> science", "math"]
    assert fall.lowest.high is not None
    assert fall.lowest.high < -0.2
    assert fall.onset is not None
    assert (fall.onset.after, fall.onset.by, fall.onset.low, fall.onset.high) == (60, 70, 60, 70)
    assert found["logic -> science", "math"].onset is None


def test_a_target_is_reached_at_the_first_checkpoint_that_is_not_below_it(grid: MeasuredGrid) -> None:
    levels = {("math", step): 0.3 for step in (10, 20, 30, 40)} | {
        (RETURN, 20): 0.3,
        (RETURN, 30): 0.5,
        (RETURN, 40): 0.1,
    }
    found = {each.run: each for each in steps_to_target(planted(build_study(grid), levels)) if each.domain == "math"}
    assert found[RETURN] == StepsToTarget(run=RETURN, domain="math", target="math", step=20, earliest=20, latest=20)
    assert (found["math"].step, found["math"].earliest) == (10, 10)
    assert found["science -> math"].step is None


def test_gains_end_at_the_transfer(result: AnalysisResult) -> None:
    transfer = result.matrix("transfer")
    found = {(each.run, each.step): each for each in result.course.gains}
    assert set(found) == {(name, step) for name in DOMAINS for step in (10, 20, 30, 40)}
    end = found["math", 40]
    assert end.inside.estimate == pytest.approx(transfer.cell("math", "math").estimate)
    others = [transfer.cell("math", name).estimate for name in ("science", "logic")]
    assert end.outside.estimate == pytest.approx(np.mean(others))
    assert end.inside.high is not None
    assert math.isfinite(end.inside.high)


def test_a_base_model_by_itself_has_no_course(grid: MeasuredGrid) -> None:
    records = grid.records[grid.records["checkpoint"] == "base@0"]
    bare = replace(grid, runs=(), checkpoints=grid.checkpoints[:1], records=records)
    assert course(build_study(bare)).later == ()
