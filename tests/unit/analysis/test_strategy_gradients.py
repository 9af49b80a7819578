"""Gradients of a mixed phase by domain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.strategy_grids import strategy_grid
from xdomain.analysis.analyse import analyse
from xdomain.plan.measurement import StepTelemetry


def test_gradients_are_means_over_steps_then_seeds_and_missing_telemetry_is_missing():
    looked = StepTelemetry({"logic|math": -0.5, "math|science": None}, {"math": 0.25, "logic": 0.75})
    again = StepTelemetry({"logic|math": 0.1, "math|science": -0.2}, {"math": None})
    by_seed = {0: (looked, again, StepTelemetry({}, {"math": 0.75})), 1: (again,)}
    grid = strategy_grid({"cgpo": {}}, seeds=(0, 1))
    ends = [
        replace(end, telemetry=by_seed[end.seed]) if end.run.strategy == "cgpo" else end for end in grid.checkpoints
    ]
    joint, cgpo = analyse(replace(grid, checkpoints=tuple(ends))).strategies[0].gradients
    assert (joint.steps, joint.cosine, joint.conflicting, joint.gradient_share) == (0, {}, None, {})
    assert cgpo.steps == 3
    assert cgpo.cosine == pytest.approx({"logic|math": (-0.2 + 0.1) / 2, "math|science": -0.2})
    assert cgpo.conflicting == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert cgpo.gradient_share == pytest.approx({"logic": 0.75, "math": 0.5})
