"""A few stages of a plan by their names."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import PlanError
from xdomain.plan.explain import narrow, pick_stage
from xdomain.plan.stage import StageKind, StageRef


def test_a_narrow_graph_runs_what_is_named_and_knows_what_that_reads() -> None:
    plan = make_plan()
    graph = narrow(plan, ["logic -> puzzle, seed 0", "logic, seed 0"])
    assert [stage.title for stage in graph.stages.values()] == ["logic, seed 0", "logic -> puzzle, seed 0"]
    assert list(graph.inputs) == [plan.base.key]
    assert all(need in graph.stages or need in graph.inputs for stage in graph.stages.values() for need in stage.needs)


def test_stages_of_a_store_are_picked_alike() -> None:
    refs = [StageRef(kind=StageKind.TRAIN, key=f"{name}{'0' * 63}", title=f"{name}, seed 0") for name in "ab"]
    assert pick_stage(refs, "a") is refs[0]
    assert pick_stage(refs, refs[1].folder) is pick_stage(refs, "b, seed 0") is pick_stage(refs, "b0") is refs[1]
    with pytest.raises(PlanError, match="should name one stage"):
        pick_stage(refs, "c")
