"""The comparison of an engine's log-probabilities with the trainer's, and its alarm."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.support.stage_runs import Silent
from xdomain.config.training import TrainingConfig
from xdomain.core.states import NoteKind
from xdomain.train.engine_gap import GAP, GapWatch, engine_gap, gap_limit

COLOCATED = {"rollout": "vllm-colocate"}


@pytest.mark.parametrize(
    ("settings", "dtype", "limit"),
    [
        ({}, "float32", 1e-3),
        ({}, "bfloat16", 0.1),
        ({"bf16": True}, "float32", 0.1),
        ({"grpo": {"fp16": True}}, "float32", 0.1),
        ({"vllm": {"dtype": "float16"}}, "float32", 0.1),
        ({"top_p": 0.9}, "float32", 1e-3 + math.log(1 / 0.9)),
        ({"grpo": {"top_k": 5}}, "float32", None),
        ({"grpo": {"min_p": 0.1}, "vllm": {"largest_gap": 0.5}}, "bfloat16", 0.5),
    ],
)
def test_the_limit_follows_precision_and_cut_off(settings: dict[str, Any], dtype: str, limit: float | None) -> None:
    found = gap_limit(TrainingConfig.model_validate(COLOCATED | settings), dtype)
    assert found == (None if limit is None else pytest.approx(limit))


def test_differences_are_taken_over_known_tokens() -> None:
    batch = {
        "sampling_per_token_logps": torch.tensor([[-1.0, -2.0, math.nan], [-3.0, -9.0, -9.0]]),
        "old_per_token_logps": torch.tensor([[-1.5, -2.0, -4.0], [-2.0, 0.0, 0.0]]),
        "completion_mask": torch.tensor([[1, 1, 1], [1, 0, 0]]),
    }
    assert engine_gap(None, batch) == {"mean": 0.5, "max": 1.0, "tokens": 3}
    nothing = {**batch, "completion_mask": torch.zeros(2, 3, dtype=torch.long)}
    assert engine_gap(None, nothing) == {"mean": None, "max": None, "tokens": 0}


def test_without_a_correction_one_micro_batch_is_computed() -> None:
    asked = []

    def compute(model: Any, ids: torch.Tensor, mask: torch.Tensor, width: int) -> tuple[torch.Tensor, None, None]:
        asked.append((ids.tolist(), mask.tolist(), width))
        return torch.tensor([[-1.0, -1.0]]), None, None

    trainer = SimpleNamespace(
        args=SimpleNamespace(per_device_train_batch_size=1),
        model=torch.nn.Linear(1, 1),
        _get_per_token_logps_and_entropies=compute,
    )
    batch = {
        "prompt_ids": torch.tensor([[7], [8]]),
        "prompt_mask": torch.tensor([[1], [1]]),
        "completion_ids": torch.tensor([[1, 2], [3, 4]]),
        "completion_mask": torch.tensor([[1, 1], [1, 1]]),
        "sampling_per_token_logps": torch.tensor([[-1.25, -1.0], [-50.0, -50.0]]),
    }
    assert engine_gap(trainer, batch) == {"mean": 0.125, "max": 0.25, "tokens": 2}
    assert asked == [([[7, 1, 2]], [[1, 1, 1]], 2)]


class Listener(Silent):
    def __init__(self) -> None:
        self.events: list[tuple[NoteKind, str]] = []

    def event(self, kind: NoteKind, **values: Any) -> None:
        self.events.append((kind, values["message"]))


def line(step: int, mean: float | None, tokens: int = 10) -> dict[str, Any]:
    return {"step": step, GAP: {"mean": mean, "max": mean and 2 * mean, "tokens": tokens}}


LINES = [line(1, 0.05), {"step": 2}, line(3, 0.3, 30), line(4, 0.2), line(5, None, 0)]


def test_each_rollout_above_the_limit_raises_an_alarm() -> None:
    listener = Listener()
    watch = GapWatch(0.1, listener)
    for each in LINES:
        watch.look(each["step"], each)
    assert [(kind, words.partition(":")[0]) for kind, words in listener.events] == [
        (NoteKind.ALARM, "step 3"),
        (NoteKind.ALARM, "step 4"),
    ]
    summary = watch.summary(LINES)
    assert summary[GAP] == {"mean": pytest.approx(11.5 / 50), "largest_mean": 0.3, "max": 0.6, "limit": 0.1}
    (sentence,) = summary["gap_alarms"]
    assert sentence.startswith("in 2 of 3 rollouts")
    assert "0.3 in step 3" in sentence


def test_without_a_limit_or_a_comparison_nothing_is_said() -> None:
    listener = Listener()
    watch = GapWatch(None, listener)
    watch.look(3, LINES[2])
    assert listener.events == []
    assert watch.summary(LINES)["gap_alarms"] == []
    assert watch.summary([{"step": 1}]) == {}
