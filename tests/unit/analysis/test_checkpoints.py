"""End checkpoints by themselves."""

from __future__ import annotations

import pytest


def test_every_end_checkpoint_has_its_own_accuracy(result, grid):
    ends = {(end.run, end.seed): end for end in result.checkpoints}
    means = grid.records.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    for seed in (0, 1, 2):
        end = ends["math -> science", seed]
        assert end.name == result.effort["math -> science"].checkpoints[str(seed)]
        assert end.accuracy["science"].estimate == pytest.approx(means[end.name, "science"].mean())
        assert end.accuracy["science"].speaks_of == "these checkpoints"
        assert end.steps == 80
    own = [ends["math -> science", seed].accuracy["science"].estimate for seed in (0, 1, 2)]
    assert sum(own) / 3 == pytest.approx(result.accuracy.cell("math -> science", "science").estimate)
    assert ends["base", None].accuracy["math"].estimate == pytest.approx(means["base@0", "math"].mean())
