"""FAMO's weights by hand."""

from __future__ import annotations

import pytest
import torch

from xdomain.config.strategy import FAMOConfig
from xdomain.strategies.famo import FAMO
from xdomain.strategies.testing import displacement, step_of_gradients


def test_weights_are_inverse_to_error_rates_at_first() -> None:
    famo = FAMO(FAMOConfig(), ("a", "b"), 0)
    famo.observe({"a": 0.2, "b": 0.4})
    assert famo.weights(["a", "b"]) == pytest.approx({"a": 2 / 3, "b": 1 / 3}, abs=1e-6)
    assert famo.weights(["b"]) == {"b": 1.0}


def test_the_domain_that_lags_gains_weight() -> None:
    famo = FAMO(FAMOConfig(learning_rate=0.5, weight_decay=0.0), ("a", "b"), 0)
    famo.observe({"a": 0.5, "b": 0.5})
    famo.observe({"a": 0.1, "b": 0.5})
    logits = famo.state()["logits"]
    assert logits[0] < logits[1], "a made progress, b made none"


def test_an_error_rate_of_zero_is_floored_and_a_missing_one_kept() -> None:
    famo = FAMO(FAMOConfig(floor=0.1), ("a", "b"), 0)
    famo.observe({"a": 0.0, "b": 0.4})
    famo.observe({"a": 0.0})
    assert famo.state()["error"].tolist() == pytest.approx([0.1, 0.4])


def test_the_step_is_the_weighted_sum_of_mean_gradients() -> None:
    gradients = {"a": [torch.tensor([1.0, 0.0])], "b": [torch.tensor([0.0, 1.0])]}
    moved = displacement(
        FAMO(FAMOConfig(), ("a", "b"), 0), step_of_gradients(gradients, error_rates={"a": 0.2, "b": 0.6})
    )
    assert moved[0].tolist() == pytest.approx([-0.75, -0.25], abs=1e-6)
