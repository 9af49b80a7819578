"""The ready queue of a plan: what may start, what waits, what a failure blocks, and stages that are taken back."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.support.plans import make_plan
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import EvaluateStage
from xdomain.schedule.ready_queue import ReadyQueue


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(checkpoints={"every_steps": 5})


def drain(queue: ReadyQueue, plan: Plan, done: set[str]) -> list[str]:
    """Run everything that can run; keys in order."""
    ran = []
    while queue:
        for stage in queue.take():
            assert set(stage.needs) <= done, "a stage started before what it reads was there"
            ran.append(stage.key)
            done.add(stage.key)
            queue.finish(stage.key)
    return ran


def test_parents_come_first_and_every_stage_once(plan: Plan) -> None:
    ran = drain(ReadyQueue(plan, frozenset()), plan, set())
    assert sorted(ran) == sorted(plan.stages)


def test_training_comes_before_evaluations_and_a_checkpoint_is_evaluated_at_once(plan: Plan) -> None:
    queue = ReadyQueue(plan, frozenset())
    (base,) = queue.take()
    queue.finish(base.key)
    first = queue.take()
    assert first[0] in plan.train_stages
    groups = [queue.take() for _ in range(3)]
    evaluations = next(group for group in groups if isinstance(group[0], EvaluateStage))
    assert {stage.checkpoint for stage in evaluations} == {plan.base.end}
    assert len(evaluations) == len(plan.experiment.domain_names)


def test_a_failure_blocks_all_that_comes_after(plan: Plan) -> None:
    queue = ReadyQueue(plan, frozenset())
    (base,) = queue.take()
    assert sorted([*queue.block(base.key), base.key]) == sorted(plan.stages)
    assert queue.block(base.key) == []
    assert not queue


@pytest.mark.parametrize("seed", range(5))
def test_a_reopened_stage_runs_again_before_those_that_read_it(plan: Plan, seed: int) -> None:
    """As when a stage finds its input damaged: the input is run again, and the stage after it."""
    rng = random.Random(seed)
    done = {key for key in plan.stages if rng.random() < 0.5}
    done |= {need for key in done for need in plan.stages[key].needs}
    queue, again = ReadyQueue(plan, frozenset(done)), []
    while queue:
        for stage in queue.take():
            if stage.needs and rng.random() < 0.3 and len(again) < 4:
                need = rng.choice(stage.needs)
                done.discard(need)
                if not queue.is_open(need):
                    again.append(need)
                    queue.reopen(need)
                queue.wait_for(stage.key, {need})
            elif set(stage.needs) <= done:
                done.add(stage.key)
                queue.finish(stage.key)
            else:  # started before its input was taken back: it fails and waits like the first
                queue.wait_for(stage.key, set(stage.needs) - done)
    assert again
    assert done == set(plan.stages)


@pytest.mark.parametrize(("change", "tasks"), [({}, 1), ({"top_p": 0.9}, 1), ({"batch_tokens": 512}, 2)])
def test_evaluations_of_a_checkpoint_are_one_task_if_they_are_made_alike(
    plan: Plan, change: dict[str, float], tasks: int
) -> None:
    """Settings are compared by value: an equal copy is the same."""
    first = plan.evaluations[0]
    other = replace(first, settings=first.settings.model_copy(update=change, deep=True))
    graph = Graph(plan.experiment, plan.stages | {first.key: other})
    done = {stage.key for stage in (plan.base, *plan.train_stages)}
    queue = ReadyQueue(graph, frozenset(done))
    groups = []
    while queue:
        groups.append({stage.checkpoint for stage in queue.take() if isinstance(stage, EvaluateStage)})
    assert sum(first.checkpoint in group for group in groups) == tasks
