"""The file that a worker reads says all that it needs, and nothing that it does not."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_plan
from xdomain.config.setups import BaseSetup, EvaluationSetup, TrainingSetup
from xdomain.plan.identity import Identities
from xdomain.plan.model_graphs import checkpoint_graph
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.plan.task import TaskFile, base_setup, work_setup
from xdomain.schedule.task_file import task_file
from xdomain.store.store import Store


def written(stage: StageSpec, tmp_path: Path) -> TaskFile:
    """Return the task of one stage of a plan as a worker reads it."""
    path = tmp_path / "task.json"
    path.write_text(task_file(make_plan(), Store(tmp_path), [stage], {"key": "token"}).model_dump_json())
    return TaskFile.read(path)


def test_a_training_stage_gets_the_sections_of_training(tmp_path: Path) -> None:
    plan = make_plan()
    stage = next(stage for stage in plan.train_stages if stage.phase_index == 1)
    file = written(stage, tmp_path)
    (order,) = file.orders
    assert isinstance(file.setup, TrainingSetup)
    assert file.setup == plan.experiment.training_setup
    assert isinstance(order.stage, TrainStage)
    assert order.stage.parent == stage.parent
    assert order.inputs == {need: plan.stages[need].folder for need in stage.needs}
    assert order.checkpoints == (
        f"stages/{plan.stages[stage.parent.stage].folder}/checkpoints/step-{stage.parent.step:06d}",
        f"stages/{plan.base.folder}/checkpoints/step-000000",
    )
    assert file.stale_tokens == {"key": "token"}


def test_a_training_stage_gets_the_settings_of_its_phase() -> None:
    plan = make_plan(overrides=[{"where": {"domain": "logic"}, "training": {"learning_rate": 3e-5, "beta": 0.1}}])
    setups = {str(stage.curriculum): work_setup(stage, plan.experiment) for stage in plan.train_stages}
    trained = {name: setup.training for name, setup in setups.items() if isinstance(setup, TrainingSetup)}
    assert (trained["logic"].learning_rate, trained["logic"].beta) == (3e-5, 0.1)
    assert trained["puzzle"] == plan.experiment.training


def test_an_evaluation_says_all_itself(tmp_path: Path) -> None:
    stage = make_plan().evaluations[0]
    file = written(stage, tmp_path)
    assert file.setup is None
    assert file.orders[0].stage == stage


def test_a_base_that_is_trained_is_told_the_training_settings(tmp_path: Path) -> None:
    plan = make_plan()
    setup = written(plan.base, tmp_path).setup
    assert isinstance(setup, BaseSetup)
    assert setup.training == plan.experiment.training
    only_evaluated = make_plan(grid={}, curricula=[]).experiment
    assert base_setup(only_evaluated).training is None
    assert base_setup(plan.experiment.evaluation_setup).training is None


def test_evaluations_of_published_checkpoints_name_where_they_lie(tmp_path: Path) -> None:
    published = make_plan().train_stages[0]
    domains = {"logic": {"data": "d"}}
    setup = EvaluationSetup(domains=("logic",))
    identities = Identities(model={}, items=domains, verifiers=domains, rewards=domains)
    graph = checkpoint_graph(setup, identities, [(published, published.steps, "mine")])
    (stage,) = graph.stages.values()
    assert graph.ref(published.key) is published
    assert published.key not in graph.stages
    file = task_file(graph, Store(tmp_path), [stage], {})
    assert file.orders[0].inputs == {published.key: published.folder}
    assert file.orders[0].checkpoints == (f"stages/{published.folder}/checkpoints/step-{published.steps:06d}",)


def test_only_a_monitored_stage_gets_the_evaluation_settings_of_its_looks() -> None:
    plain = make_plan()
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 7, "alarms": {}}
    watched = make_plan(
        training=training,
        evaluation={"temperature": 0.5},
        overrides=[{"where": {"domain": "puzzle"}, "evaluation": {"temperature": 0.9}}],
    )
    for plan, expected in ((plain, {}), (watched, {"logic": (0.5, 7), "puzzle": (0.9, 7)})):
        setup = work_setup(plan.train_stages[0], plan.experiment)
        assert isinstance(setup, TrainingSetup)
        assert {name: (each.temperature, each.max_completion_tokens) for name, each in setup.looks.items()} == expected
