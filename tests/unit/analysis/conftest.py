"""A grid with singles, controls, pairs, mixtures and triples under three seeds, its analysis, and its true levels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.analyse import analyse

DOMAINS = ("math", "science", "logic")


@pytest.fixture(scope="session")
def grid():
    return make_grid(DOMAINS, family(DOMAINS, triples=True, controls=True), seeds=(0, 1, 2), n_items=50, saved_every=20)


@pytest.fixture(scope="session")
def result(grid):
    return analyse(grid)


@pytest.fixture(scope="session")
def level(grid):
    """R[c, d]: mean over seeds of the mean over items of the mean over samples."""
    names = {c.checkpoint: (str(c.run), c.seed) for c in grid.checkpoints if c.is_end}
    rows = grid.records[grid.records["checkpoint"].isin(names)]
    item = rows.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    checkpoint = item.groupby(["checkpoint", "domain"]).mean()

    def accuracy(curriculum, domain):
        return float(np.mean([checkpoint[name, domain] for name, (text, _) in names.items() if text == curriculum]))

    return accuracy
