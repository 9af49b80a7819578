"""What a mixed phase's metrics say of its gradients comes out of the store; what was not recorded is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.config.run_id import BASE_RUN, RunId
from xdomain.core.errors import DamagedArtifact
from xdomain.core.parquet import write_records
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method
from xdomain.plan.alarms.looks import Look, StageLooks, header
from xdomain.plan.dev_choice import RULE
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.measurement import DevChoice, EvaluatedCheckpoint, StepTelemetry
from xdomain.plan.stage import MergeStage, StageSpec
from xdomain.store.lease import acquire
from xdomain.store.query import compared_models, compared_runs, measured_grid
from xdomain.store.store import Store

LINES: list[dict[str, Any]] = [
    {
        "step": 1,
        "gradients": {"cosine": {"logic|puzzle": -0.5}, "conflicts": 1},
        "domains": {"logic": {"gradient_share": 0.25}, "puzzle": {"gradient_share": 0.75}},
    },
    {"step": 2, "loss": 0.5},
]


def publish(
    store: Store,
    stage: StageSpec,
    lines: list[dict[str, Any]] | None,
    looks: str | None = None,
    alarms: Sequence[str] = (),
    choice: dict[str, Any] | None = None,
) -> None:
    lease = acquire(store.lease_path(stage))
    assert lease is not None
    work = store.work(stage, lease)
    work.mkdir(parents=True)
    write_records(work / "records.parquet", [])
    if lines is not None:
        (work / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    if looks is not None:
        (work / "looks.jsonl").write_text(looks)
    summary = {"steps": 2, "prompts": 8, "completion_tokens": 64, "informative_groups": 3, "gap_alarms": list(alarms)}
    summary |= {} if choice is None else {"choice": choice}
    assert store.publish(stage, lease, {"summary": summary})


def finished(folder: Path, lines: list[dict[str, Any]] | None, looks: str | None = None) -> tuple[Plan, Store]:
    plan, store = make_plan(), Store(folder)
    store.create()
    for stage in plan.stages.values():
        trained = stage in plan.train_stages
        publish(store, stage, lines if trained else None, looks if trained else None)
    return plan, store


def test_alarms_of_training_are_statements_of_the_report(tmp_path: Path) -> None:
    plan, store = make_plan(), Store(tmp_path)
    store.create()
    first, second = plan.train_stages[:2]
    publish(store, plan.base, None)
    publish(store, first, None, alarms=["it drifted"])
    publish(store, second, None)
    grid = measured_grid(plan, store, chance={}, description={})
    assert grid.statements == (f"Alarm in the training of {first.title}: it drifted.",)


def test_stages_that_no_refresh_can_follow_are_a_statement_of_the_report(tmp_path: Path) -> None:
    alarms = {"on_alarm": "refresh", "budget": 1.0}
    plan, store = make_plan(training={"steps": 4, "alarms": alarms}), Store(tmp_path)
    store.create()
    publish(store, plan.base, None)
    publish(store, plan.train_stages[0], None)
    (statement,) = measured_grid(plan, store, chance={}, description={}).statements
    assert statement.startswith("No refresh follows 1 stage that ran without alarms")


def ends(plan: Plan, store: Store) -> dict[str, EvaluatedCheckpoint]:
    grid = measured_grid(plan, store, chance={}, description={})
    return {str(each.run): each for each in grid.checkpoints}


def test_a_scale_that_a_merge_chose_is_read(tmp_path: Path) -> None:
    plan, store = make_plan(grid={}, curricula=["merge(logic, puzzle, scale=auto)"], seeds=[0]), Store(tmp_path)
    store.create()
    tried = [
        {"value": 0.3, "mean": 0.5, "accuracy": {"logic": 0.25, "puzzle": 0.75}},
        {"value": 1.0, "mean": 0.25, "accuracy": {"logic": 0.25, "puzzle": 0.25}},
    ]
    choice = {"value": 0.3, "rule": RULE, "tried": tried}
    for stage in plan.stages.values():
        publish(store, stage, None, choice=choice if isinstance(stage, MergeStage) else None)
    found = ends(plan, store)
    assert found["merge(logic, puzzle, scale=auto)"].choice == DevChoice(0.3, ((0.3, 0.5), (1.0, 0.25)))
    assert found["logic"].choice is None


def test_lines_of_a_mixture_are_read_and_of_no_other_phase(tmp_path: Path) -> None:
    found = ends(*finished(tmp_path, LINES))
    assert found["logic + puzzle"].telemetry == (
        StepTelemetry({"logic|puzzle": -0.5}, {"logic": 0.25, "puzzle": 0.75}),
        StepTelemetry({}, {}),
    )
    assert found["logic"].telemetry == found["logic -> puzzle"].telemetry == ()


def test_a_mixture_without_metrics_has_no_telemetry(tmp_path: Path) -> None:
    assert ends(*finished(tmp_path, None))["logic + puzzle"].telemetry == ()


DESIGN = AlarmDesign((5, 10), {"puzzle": DomainDesign(Method.SIGN_FLIP, 1)}, 0.05, 3, {})
LOOK = Look(0, "puzzle", (1.0,), None, 1, 4, 0.1)


def test_looks_of_every_monitored_phase_are_read_and_damaged_ones_refused(tmp_path: Path) -> None:
    text = f"{header(DESIGN, {'puzzle': ['a']})}\n{LOOK.line()}\n"
    found = ends(*finished(tmp_path / "sound", LINES, text))
    for run in ("logic", "logic -> puzzle", "logic + puzzle"):
        assert found[run].looks == StageLooks(DESIGN, {"puzzle": ("a",)}, (LOOK,))
    assert ends(*finished(tmp_path / "none", LINES))["logic"].looks is None
    with pytest.raises(DamagedArtifact, match="holds no looks"):
        ends(*finished(tmp_path / "damaged", LINES, text.replace("accuracy", "")[40:]))


def test_damaged_metrics_are_refused(tmp_path: Path) -> None:
    plan, store = finished(tmp_path, LINES)
    (mixture,) = (stage for stage in plan.train_stages if str(stage.run) == "logic + puzzle")
    (store.folder(mixture) / "metrics.jsonl").write_text('{"step": 1')
    with pytest.raises(DamagedArtifact, match=r"metrics\.jsonl"):
        ends(plan, store)


def test_runs_of_a_grid_carry_their_parents_and_plan_order(tmp_path: Path) -> None:
    plan, store = finished(tmp_path, None)
    grid = measured_grid(plan, store, chance={}, description={})
    assert grid.runs == plan.run_ids
    assert not grid.is_comparison
    parents = {str(place.run): str(place.parent) for place in grid.checkpoints if not place.run.is_base}
    assert parents["logic"] == parents["logic + puzzle"] == "base"
    assert parents["logic -> puzzle"] == "logic"


def test_compared_checkpoints_are_called_as_they_were_asked_for(tmp_path: Path) -> None:
    plan, store = finished(tmp_path, None)
    graph = Graph(plan.setup, plan.stages)
    (base, *others) = compared_runs({"all": graph}, None).values()
    assert base == RunId(model=plan.base.title)
    assert RunId(model="logic, seed 0 step 10") in others
    alone = {stage.key: stage for stage in plan.stages.values() if stage not in plan.evaluations}
    alone |= {stage.key: stage for stage in plan.evaluations if stage.checkpoint == plan.base.end}
    one = Graph(plan.setup, alone)
    assert compared_runs({"some/model": one, "all": graph}, "some/model")[plan.base.end.name] == BASE_RUN
    grid = compared_models(store, {"some/model": one}, None, chance={})
    assert grid.is_comparison
    assert (grid.seeds, grid.budget, [place.seed for place in grid.checkpoints]) == ((), None, [None])
    assert grid.runs == (RunId(model="some/model"),)


def test_a_run_adds_the_stages_that_no_other_run_rests_on(tmp_path: Path) -> None:
    found = ends(*finished(tmp_path, None))
    shared, pair, mixture = (found[run] for run in ("logic", "logic -> puzzle", "logic + puzzle"))
    assert [each.effort.steps for each in (shared, pair, mixture)] == [2, 4, 2]
    assert shared.added is not None
    assert pair.added is not None
    assert mixture.added is not None
    assert [each.added.steps for each in (shared, pair, mixture)] == [0, 2, 2]
    assert pair.added.completion_tokens == 64
