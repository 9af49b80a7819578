"""Which stages the experiments of a store need."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import PlanError, StoreError
from xdomain.store.experiments import note_experiment, noted_experiments, rewrite_notes, stages_beside
from xdomain.store.store import Store


def test_runs_of_one_name_add_up(store: Store) -> None:
    first, second = make_plan(), make_plan(seeds=[1])
    for plan in (first, second, first):
        note_experiment(store, plan)
    assert noted_experiments(store)["test"].keys() == {**first.stages, **second.stages}.keys()


def test_a_stage_is_found_with_those_of_its_experiment(store: Store) -> None:
    note_experiment(store, make_plan())
    note_experiment(store, make_plan(name="other", seeds=[1], grid={"singles": True}))
    beside = stages_beside(store, "puzzle, seed 1")
    assert "logic, seed 1" in {stage.title for stage in beside}
    assert "logic -> puzzle, seed 0" not in {stage.title for stage in beside}
    with pytest.raises(PlanError):
        stages_beside(store, "nothing of that name")


def test_garbage_takes_the_notes_along(store: Store) -> None:
    old, new = make_plan(seeds=[0, 1]), make_plan()
    note_experiment(store, old)
    note_experiment(store, make_plan(name="other"))
    rewrite_notes(store, [new], ["other", "never noted"])
    assert {name: noted.keys() for name, noted in noted_experiments(store).items()} == {"test": new.stages.keys()}


@pytest.mark.parametrize("text", ["", "[]", '{"key": {"kind": "train"}}', '{"key": {"kind": "x", "title": "t"}}'])
def test_a_damaged_note_is_refused(store: Store, text: str) -> None:
    (store.root / "experiments" / "test.json").write_text(text)
    with pytest.raises(StoreError, match="is corrupt") as caught:
        note_experiment(store, make_plan())
    assert "writes it again" in str(caught.value.fix)
