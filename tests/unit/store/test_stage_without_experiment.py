"""A stage is found by its title in a store, without the experiment's file."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.plans import make_plan
from xdomain.cli.app import app
from xdomain.core.errors import PlanError, StoreError
from xdomain.core.files import read_json, write_json
from xdomain.store.experiments import note_experiment
from xdomain.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    for plan in (make_plan(), make_plan(name="other", seeds=[1])):
        note_experiment(store, plan)
    return store


def test_its_log_is_printed(store: Store) -> None:
    stage = make_plan().train_stages[0]
    store.log_path(stage).write_text("what it said\n")
    for text in (stage.title, stage.key[:12], stage.folder):
        ended = CliRunner().invoke(app, ["grid", "logs", text, "--store", str(store.root)])
        assert ended.stdout == "what it said\n"


def test_an_evaluation_has_the_log_of_the_one_that_did_it_too(store: Store) -> None:
    first, second = make_plan().evaluations[:2]
    store.log_path(first).write_text("what both said\n")
    ended = CliRunner().invoke(app, ["grid", "logs", second.title, "--store", str(store.root)])
    assert ended.stdout == "what both said\n"


def test_another_checkpoint_has_another_log(store: Store) -> None:
    first, *others = make_plan().evaluations
    other = next(each for each in others if each.checkpoint != first.checkpoint)
    store.log_path(first).write_text("of the first\n")
    ended = CliRunner().invoke(app, ["grid", "logs", other.title, "--store", str(store.root)])
    assert isinstance(ended.exception, StoreError)
    assert "has no log" in str(ended.exception)


def test_a_note_without_evaluated_checkpoints_is_completed(store: Store) -> None:
    plan = make_plan()
    path = store.root / "experiments" / f"{plan.experiment.name}.json"
    noted = read_json(path)
    earlier = {key: {name: each[name] for name in ("kind", "title")} for key, each in noted.items()}
    write_json(path, earlier)
    note_experiment(store, plan)
    assert read_json(path) == noted != earlier


def test_it_is_cancelled(store: Store) -> None:
    stage = make_plan().train_stages[0]
    ended = CliRunner().invoke(app, ["grid", "cancel", stage.title, "--store", str(store.root)])
    assert ended.exit_code == 0
    assert store.failures.is_cancelled(stage)


def test_a_title_of_two_stages_names_none(store: Store) -> None:
    without_seed = make_plan().train_stages[0].title.removesuffix(", seed 0")
    ended = CliRunner().invoke(app, ["grid", "cancel", without_seed, "--store", str(store.root)])
    assert isinstance(ended.exception, PlanError)
    assert "should name one stage" in str(ended.exception)
