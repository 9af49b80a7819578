"""A real finished store: that of the smoke grid, without weights."""

import tarfile
from pathlib import Path

import pytest

from xdomain.api.session import Session, open_experiment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The smoke grid with every stage done."""
    store = tmp_path_factory.mktemp("smoke") / "store"
    with tarfile.open(ROOT / "tests" / "fixtures" / "smoke" / "store.tar.xz") as archive:
        archive.extractall(store)  # our own archive; Python 3.11.2 knows no `filter`
    return open_experiment(ROOT / "experiments" / "smoke.yaml", store=store)
