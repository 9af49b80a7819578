"""Freeing what no experiment needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.garbage import collect_garbage, common_store
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import StoreError
from xdomain.store.store import Store


def test_a_finished_grid_has_none_and_another_experiment_is_not_needed(smoke: Session) -> None:
    assert collect_garbage(smoke.store, [smoke.plan]).stages == ()
    other = open_experiment(smoke.experiment, store=smoke.store, settings=["name=other", "grid={singles: true}"])
    unneeded = collect_garbage(smoke.store, [other.plan], forget=["smoke"]).stages
    needed = {stage.folder for stage in other.plan.stages.values()}
    assert {path.name for path in unneeded} == {stage.folder for stage in smoke.plan.stages.values()} - needed
    assert all(path.is_dir() for path in unneeded), "they were only looked for"


def test_experiments_must_share_their_store(tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in "aab"]
    assert common_store(stores[:2]).root == tmp_path / "a"
    with pytest.raises(StoreError, match="is not the store of every experiment"):
        common_store(stores)
