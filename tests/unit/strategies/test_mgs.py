"""MGS projects inside each tensor."""

from __future__ import annotations

import pytest
import torch

from xdomain.config.strategy import MGSConfig
from xdomain.strategies.mgs import MGS
from xdomain.strategies.testing import step_of_gradients


def test_tensors_without_conflict_are_joints_and_conflicts_are_counted() -> None:
    agreeing, one, other = torch.tensor([1.0, 1.0]), torch.tensor([1.0, 0.0]), torch.tensor([-1.0, 1.0])
    step = step_of_gradients({"a": [agreeing.clone(), one], "b": [agreeing.clone(), other]})
    figures = MGS(MGSConfig(), ("a", "b"), 0).step(step)
    assert figures == {"conflicting_tensors": 1, "tensors": 2}
    first, second = (each.grad for each in step.parameters)
    assert first is not None
    assert second is not None
    assert first.tolist() == pytest.approx([1.0, 1.0])
    assert float(second @ one) >= -1e-6
    assert float(second @ other) >= -1e-6
