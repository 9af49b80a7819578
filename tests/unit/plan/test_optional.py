"""Optional stages of a plan: which there are, where they start, and that the others do not change."""

from __future__ import annotations

from typing import Any

from tests.support.plans import make_plan
from xdomain.plan.explain import find_stage
from xdomain.plan.graph import Plan
from xdomain.plan.optional import is_refresh
from xdomain.plan.stage import EvaluateStage, TrainStage
from xdomain.plan.task import work_setup

TRAINING = {"steps": 12, "prompts_per_step": 4, "generations": 2}


def planned(curricula: tuple[str, ...] = ("logic", "logic -> puzzle"), **changes: Any) -> Plan:
    alarms = {"on_alarm": "refresh", "budget": 1.0, **changes.pop("alarms", {})}
    return make_plan(grid={}, curricula=list(curricula), training=TRAINING | {"alarms": alarms}, **changes)


def refreshes(plan: Plan) -> dict[str, TrainStage]:
    found = [each.stage for each in plan.optional.values()]
    return {stage.title: stage for stage in found if isinstance(stage, TrainStage)}


def test_each_stage_has_one_refresh_per_monitored_domain() -> None:
    plan = planned()
    found = refreshes(plan)
    assert set(found) == {
        "logic -> refresh(logic)@3, seed 0",
        "logic -> refresh(puzzle)@3, seed 0",
        "logic -> puzzle -> refresh(logic)@3, seed 0",
        "logic -> puzzle -> refresh(puzzle)@3, seed 0",
    }
    assert not any(is_refresh(stage.curriculum) for stage in plan.train_stages)
    assert len(refreshes(planned(alarms={"domains": ["puzzle"], "refresh_steps": 5}))) == 2
    assert planned(alarms={"on_alarm": "warn"}).optional == {}


def test_a_refresh_starts_from_the_end_and_continues_the_queue_of_prompts() -> None:
    plan = planned()
    for each in plan.optional.values():
        if isinstance(each.stage, TrainStage):
            decides = find_stage(plan, each.stage.title.replace(f" -> {each.stage.phase}", ""))
            assert each.condition.stage == each.stage.parent.stage == decides.key
            assert each.stage.parent.step == 12
            assert each.stage.phase.domains == (each.condition.domain,)
            assert "alarms" not in each.stage.payload
            assert each.stage.payload["training"]["lr_schedule"] == "constant_with_warmup"
    assert refreshes(plan)["logic -> puzzle -> refresh(logic)@3, seed 0"].offsets == {"logic": 48}
    assert refreshes(plan)["logic -> refresh(puzzle)@3, seed 0"].offsets == {"puzzle": 0}


def test_each_refresh_is_evaluated_on_every_domain_under_its_own_condition() -> None:
    plan = planned()
    for stage in refreshes(plan).values():
        own = [each for each in plan.optional.values() if stage.key in each.stage.needs]
        assert {each.stage.domain for each in own if isinstance(each.stage, EvaluateStage)} == {"logic", "puzzle"}
        assert {each.condition for each in own} == {plan.optional[stage.key].condition}


def test_the_planned_stages_do_not_depend_on_the_refreshes() -> None:
    plan, shorter, warned = planned(), planned(alarms={"refresh_steps": 1}), planned(alarms={"on_alarm": "warn"})
    assert list(plan.stages) == list(shorter.stages) == list(warned.stages)
    assert not set(plan.optional) & set(shorter.optional)
    assert set(plan.whole.stages) == {*plan.stages, *plan.optional}
    assert plan.run_ids == make_plan(grid={}, curricula=["logic", "logic -> puzzle"], training=TRAINING).run_ids


def test_a_refresh_that_the_file_lists_is_not_optional() -> None:
    plan = planned(("logic", "logic -> refresh(puzzle)@3"))
    listed = find_stage(plan, "logic -> refresh(puzzle)@3, seed 0")
    assert listed.key in plan.stages
    assert listed.key not in plan.optional
    assert listed.key in planned().optional
    assert not any(listed.key in each.stage.needs for each in plan.optional.values())


def test_a_refresh_of_a_mixture_under_a_strategy_starts_from_that_mixture() -> None:
    plan = planned(("logic + puzzle",), strategies=["cgpo"])
    (mixture,) = plan.train_stages
    assert {stage.parent.stage for stage in refreshes(plan).values()} == {mixture.key}
    assert "logic + puzzle -> refresh(logic)@3, seed 0, cgpo" in refreshes(plan)


def test_a_worker_gets_the_settings_of_the_refresh() -> None:
    plan = planned()
    setup = work_setup(refreshes(plan)["logic -> refresh(logic)@3, seed 0"], plan.experiment)
    assert setup is not None
    assert setup.training is not None
    assert (setup.training.lr_schedule, setup.training.warmup_ratio, setup.training.alarms) == (
        "constant_with_warmup",
        0.2,
        None,
    )


def test_a_self_paced_experiment_shuffles_the_prompts_of_a_refresh() -> None:
    alarms = {"on_alarm": "refresh", "budget": 1.0}
    plan = make_plan(grid={}, curricula=["logic"], training=TRAINING | {"alarms": alarms, "self_paced": {}})
    (stage,) = plan.train_stages
    assert stage.pass_rates
    assert not any(refresh.pass_rates for refresh in refreshes(plan).values())
