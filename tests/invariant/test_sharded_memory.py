"""Memory of a process that shares its model, against the plan's formula."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.launches import begin, finish
from tests.support.sharded_memory import TRAINING, config, micro_batch
from xdomain.config.model import ModelConfig
from xdomain.config.training import TrainingConfig
from xdomain.plan.memory import Division, Lengths, training_memory
from xdomain.plan.model_shape import shape_of

pytestmark = pytest.mark.slow
PROMPT = 12
"""Longest prompt of the toy domains, in tokens."""
TOLERANCE = 0.1


def formula(processes: int, shards: int) -> int:
    shape = shape_of(config().to_dict())
    assert shape is not None
    assert shape.parameters == pytest.approx(30e6, rel=0.05)
    found = training_memory(
        shape,
        ModelConfig(preset="tiny_qwen3"),
        TrainingConfig.model_validate({**TRAINING, "micro_batch": micro_batch(processes)}),
        Lengths(PROMPT, TRAINING["max_completion_tokens"]),
        Division(processes=processes, shards=shards, device="cpu"),
    )
    assert found is not None
    return found.own


@pytest.mark.parametrize("processes", [2, 4])
def test_the_formula_says_what_a_sharded_process_holds(
    processes: int, tmp_path: Path, show: Callable[[str], None]
) -> None:
    # Tensors then have pages of their own, which go back to the system when they are freed.
    given_back = {"MALLOC_MMAP_THRESHOLD_": "65536"}
    finish(begin("tests.support.sharded_memory", processes, tmp_path, **given_back), tmp_path)
    measured = json.loads((tmp_path / "bytes.json").read_text())
    for name, shards in (("whole", 1), ("sharded", processes)):
        expected = formula(processes, shards)
        show(
            f"memory of one of {processes} processes | {name:7} | measured {measured[name] / 1e6:6.1f} MB | "
            f"formula {expected / 1e6:6.1f} MB"
        )
    assert formula(processes, processes) == pytest.approx(measured["sharded"], rel=TOLERANCE)
    assert measured["sharded"] < measured["whole"] * (0.75 if processes == 2 else 0.45)
