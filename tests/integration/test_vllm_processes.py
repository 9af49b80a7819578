"""vLLM rollouts in two CPU processes, which hold the model whole or share it: what one process trains."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.support.launches import begin, finish
from tests.support.sharded_runs import distance
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3

pytest.importorskip("vllm", reason="vLLM has an environment of its own: make test-vllm")

from tests.support.vllm_processes import CASES, MODEL, train

TOLERANCE = 5e-6
"""Of the distance that the weights travelled in 4 steps, as for rollouts with transformers."""
ROUNDING = 2e-6
"""Mean difference of log-probabilities in nats; some 2e-7 were seen."""
LAYOUTS = tuple(f"{case}{how}" for case in CASES for how in ("", ", sharded"))


def test_two_processes_train_what_one_does(tmp_path: Path, show: Callable[[str], None]) -> None:
    save_full(*tiny_qwen3(), tmp_path / MODEL, chat_template=False)
    running = begin("tests.support.vllm_processes", 2, tmp_path, *LAYOUTS)
    alone = {case: train(tmp_path, case) for case in CASES}
    finish(running, tmp_path)
    show(f"{'vLLM rollouts, two processes':30} | travelled | to one process | log-probability gap")
    for layout in LAYOUTS:
        before, after, steps = alone[layout.partition(",")[0]]
        travelled = distance(before, after)
        share = distance(after, load_file(tmp_path / f"{layout}.safetensors")) / travelled
        found = json.loads((tmp_path / f"{layout}.json").read_text())
        gap = max(step["mean"] for step in found)
        show(f"{layout:30} | {travelled:9.3f} | {share:14.1e} | {gap:.1e}")
        assert [step["tokens"] for step in found] == [step["tokens"] for step in steps]
        assert share <= TOLERANCE
        # After a cut-off, the engine's probabilities are divided by that of the nucleus.
        assert gap <= ROUNDING - math.log(CASES[layout.partition(",")[0]].get("top_p", 1.0))
