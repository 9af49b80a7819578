"""Checkpoints that several tests of derived checkpoints read."""

import pytest

from tests.support.interference import InterferingPair


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> InterferingPair:
    """A model that one domain damaged."""
    return InterferingPair(tmp_path_factory.mktemp("pair"))
