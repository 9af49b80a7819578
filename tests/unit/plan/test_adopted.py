"""Declared checkpoints take the place of training stages in a plan."""

from __future__ import annotations

from typing import Any

from tests.support.plans import make_experiment, make_plan
from xdomain.plan.adopted import declaration
from xdomain.plan.cost import plan_cost
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.tokens import completions_of

RUN = {"curriculum": "logic", "checkpoints": [{"step": 5, "path": "/a"}, {"step": 30, "path": "/b"}]}


def plan_of(digest: str = "of a", **changes: Any) -> Plan:
    experiment = make_experiment(**{"adopted": [RUN], **changes})
    names = {*experiment.domain_names, "logic", "puzzle"}
    known: dict[str, Any] = {name: {"of": name} for name in names}
    first, second = experiment.adopted[0].checkpoints
    adopted = {first: {"files": {"w": digest}}, second: {"files": {"w": "of b"}}}
    return build_plan(experiment, Identities({"preset": "tiny_qwen3"}, known, known, known, adopted=adopted))


def test_a_declared_run_replaces_training() -> None:
    plan = plan_of()
    by_title = {stage.title: stage for stage in plan.train_stages}
    single, sequence = by_title["logic, seed 0"], by_title["logic -> puzzle, seed 0"]
    assert [each.path for each in single.adopted] == ["/a", "/b"]
    assert single.checkpoint_steps == (5, 30)
    assert sequence.parent == single.end
    assert not sequence.adopted
    assert plan_cost(plan, frozenset()).train_steps == 10 * (len(plan.train_stages) - 1)
    assert completions_of(single, plan.experiment) == 0


def test_the_key_follows_from_the_weights() -> None:
    def key(plan: Plan) -> str:
        return next(stage.key for stage in plan.train_stages if stage.adopted)

    assert key(plan_of()) == key(plan_of(training={"steps": 20, "prompts_per_step": 4, "generations": 2}))
    assert key(plan_of()) != key(plan_of("of c"))


def test_a_declared_curriculum_need_not_be_in_the_grid() -> None:
    plan = plan_of(grid={})
    assert [stage.title for stage in plan.train_stages] == ["logic, seed 0"]


def test_the_declaration_names_every_run() -> None:
    sentence = declaration(plan_of().experiment)
    assert sentence is not None
    assert sentence.startswith("Declared by the user and not trained here: logic, seed 0 (step 5, 30).")
    assert declaration(make_plan().experiment) is None
