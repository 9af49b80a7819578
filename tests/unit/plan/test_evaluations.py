"""Evaluation stages: which settings, entries and splits they get."""

from __future__ import annotations

from tests.support.plans import make_experiment
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import CheckpointRef, Purpose

NAMES = ("logic", "puzzle")
IDENTITIES = Identities(
    model={"preset": "tiny_qwen3"},
    items={name: {"data": name} for name in NAMES},
    verifiers={name: {"scorer": name} for name in NAMES},
    rewards={name: {"shape": name} for name in NAMES},
)
SETUP = make_experiment().evaluation_setup


def test_each_checkpoint_on_each_domain() -> None:
    plan = EvaluationPlan(SETUP, IDENTITIES)
    found = plan.stages([(CheckpointRef("a", 0), "base"), (CheckpointRef("b", 10), "tuned")])
    assert [stage.title for stage in found.values()] == [
        "base on logic",
        "base on puzzle",
        "tuned on logic",
        "tuned on puzzle",
    ]
    assert all(key == stage.key == fingerprint(stage.payload) for key, stage in found.items())
    assert {stage.purpose for stage in found.values()} == {Purpose.REPORT}


def test_the_step_of_a_checkpoint_counts_and_its_title_does_not() -> None:
    plan = EvaluationPlan(SETUP, IDENTITIES)
    one = plan.stage(CheckpointRef("a", 5), "run", "logic", "run on logic")
    assert plan.stage(CheckpointRef("a", 5), "another name", "logic", "x").key == one.key
    assert plan.stage(CheckpointRef("a", 6), "run", "logic", "run on logic").key != one.key


def test_pass_rates_are_measured_on_train_items() -> None:
    report = EvaluationPlan(SETUP, IDENTITIES).stage(CheckpointRef("a", 0), "base", "logic", "t")
    rates = EvaluationPlan(SETUP, IDENTITIES, purpose=Purpose.PASS_RATE)
    stage = rates.stage(CheckpointRef("a", 0), "base", "logic", "t")
    assert (report.payload["items"]["split"], stage.payload["items"]["split"]) == ("test", "train")
    assert stage.key != report.key
    assert stage.settings == SETUP.settings
