"""Optimizers' names, compared with those of transformers."""

from __future__ import annotations

from transformers.training_args import OptimizerNames

from xdomain.config.optimizer import LOOK_AHEAD_OPTIMIZERS, OPTIMIZERS, steps_inside_backward


def test_the_names_are_those_of_transformers() -> None:
    assert set(OPTIMIZERS) == {name.value for name in OptimizerNames}


def test_some_move_the_weights_in_every_backward_pass() -> None:
    inside = {name for name in OPTIMIZERS if steps_inside_backward(name)}
    assert {"lomo", "adalomo", "galore_adamw_layerwise"} <= inside
    assert inside.isdisjoint(LOOK_AHEAD_OPTIMIZERS)
