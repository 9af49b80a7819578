"""Graphs of one model, and of published checkpoints."""

from __future__ import annotations

from tests.support.plans import make_experiment, make_plan
from xdomain.plan.identity import Identities
from xdomain.plan.model_graphs import checkpoint_graph, model_graph

IDENTITIES = Identities(
    model={"preset": "tiny_qwen3"},
    items={name: {"data": f"data of {name}"} for name in ("logic", "puzzle")},
    verifiers={name: {"scorer": f"verifier of {name}"} for name in ("logic", "puzzle")},
    rewards={name: {"shape": f"reward of {name}"} for name in ("logic", "puzzle")},
)


def test_a_model_and_its_checkpoints_have_the_evaluations_of_the_grid() -> None:
    plan, setup = make_plan(), make_experiment().evaluation_setup
    base = model_graph(setup, IDENTITIES)
    assert plan.base.key in base.stages
    trained = plan.train_stages[0]
    published = checkpoint_graph(setup, IDENTITIES, [(trained, trained.steps, f"{trained.title} step 10")])
    assert published.inputs.keys() == {trained.key}
    found = {stage.key for stage in (*base.evaluations, *published.evaluations)}
    expected = {stage.key for stage in plan.evaluations if stage.checkpoint in (plan.base.end, trained.end)}
    assert found == expected
    assert len(found) == 4
