"""Efforts add up, and a comparison is told from a grid."""

import pandas as pd

from xdomain.config.run_id import BASE_RUN, RunId, parse_run
from xdomain.plan.measurement import UNRECORDED, Effort, EvaluatedCheckpoint, MeasuredGrid


def test_an_effort_that_was_not_recorded_leaves_the_sum_open() -> None:
    one = Effort(steps=10, prompts=40, completion_tokens=800, informative_groups=9, seconds=1.5)
    assert one.plus(one) == Effort(20, 80, 1600, 18, 3.0)
    assert one.plus(UNRECORDED) == UNRECORDED


def grid(*runs: RunId) -> MeasuredGrid:
    places = tuple(EvaluatedCheckpoint(f"{run}@0", run) for run in (BASE_RUN, *runs))
    return MeasuredGrid("test", ("math",), runs, places, pd.DataFrame())


def test_a_comparison_holds_models_by_name_alone() -> None:
    model, run = RunId(model="some/model"), parse_run("math")
    assert grid(model).is_comparison
    assert not grid(run).is_comparison
    assert not grid(model, run).is_comparison
    assert not grid().is_comparison, "an experiment without training"
    assert grid(model).measured_runs == (BASE_RUN, model)
