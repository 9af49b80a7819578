"""Cancelling a stage, and taking that back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.api.marks import cancel_stage, clear_failures
from xdomain.api.session import Session
from xdomain.core.errors import StoreError
from xdomain.store.store import Store


def test_a_mark_lies_in_the_store_until_it_is_cleared(tmp_path: Path) -> None:
    store, plan = Store(tmp_path / "store"), make_plan()
    stage, other = plan.train_stages[:2]
    cancel_stage(store, stage)
    assert (store.failures.is_cancelled(stage), store.failures.is_cancelled(other)) == (True, False)
    assert clear_failures(store, [other]) == []
    assert clear_failures(store, plan.stages.values()) == [stage]
    assert not store.failures.is_cancelled(stage)


def test_what_is_done_cannot_be_cancelled(smoke: Session) -> None:
    with pytest.raises(StoreError, match="is done already"):
        cancel_stage(smoke.store, smoke.plan.base)
