"""Graphs of a base model and of published checkpoints, with their evaluations."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.config.run_id import BASE
from xdomain.config.setups import EvaluationSetup
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.graph import Graph, base_stage
from xdomain.plan.identity import Identities
from xdomain.plan.stage import CheckpointRef, StageRef, StageSpec


def checkpoint_graph(
    setup: EvaluationSetup, identities: Identities, checkpoints: Iterable[tuple[StageRef, int, str]]
) -> Graph:
    """Return the evaluations of published checkpoints (stage, step, title) on every domain of `setup`."""
    published = list(checkpoints)
    refs = [(CheckpointRef(stage.key, step), title) for stage, step, title in published]
    stages: dict[str, StageSpec] = {**EvaluationPlan(setup, identities).stages(refs)}
    return Graph(setup, stages, inputs={stage.key: stage for stage, _, _ in published})


def model_graph(setup: EvaluationSetup, identities: Identities) -> Graph:
    """Return a base stage for the model of `setup` and its evaluations on every domain."""
    assert setup.model is not None
    base = base_stage(setup.model, setup.execution, identities)
    stages: dict[str, StageSpec] = {base.key: base, **EvaluationPlan(setup, identities).stages([(base.end, BASE)])}
    return Graph(setup, stages)
