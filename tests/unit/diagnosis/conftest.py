"""Checkpoints that several tests of diagnoses read."""

import pytest

from tests.support.damaged_pair import DamagedPair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> DamagedPair:
    """A base model, and stages that damaged it."""
    return DamagedPair(tmp_path_factory.mktemp("pair"))
