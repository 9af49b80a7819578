"""Items lost against the parent."""

from __future__ import annotations

import numpy as np
import pytest


def test_it_is_the_share_that_was_right_times_the_share_that_is_wrong(result, grid):
    names = {(str(c.run), c.seed): c.checkpoint for c in grid.checkpoints if c.is_end}
    share = grid.records.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    values = []
    for seed in (0, 1, 2):
        before, after = (share[names[run, seed], "science"] for run in ("science", "science -> math"))
        values.append((before * (1 - after)).mean())
    found = result.matrices["lost"].cell("science -> math", "science")
    assert found.estimate == pytest.approx(np.mean(values))
    assert result.matrices["lost"].direction == "harm"
