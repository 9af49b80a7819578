from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plans import make_plan
from xdomain.plan.stage import StageSpec
from xdomain.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a new store."""
    store = Store(tmp_path / "store")
    store.create()
    return store


@pytest.fixture
def stage() -> StageSpec:
    """Return the base model's stage of a small plan."""
    return make_plan().base
