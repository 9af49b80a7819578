"""Training stages whose rollouts a real vLLM engine samples: it has the trainer's weights, and draws by seed."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from tests.support.plans import make_experiment
from tests.support.stage_runs import Silent, Stages, TrainedStage
from tests.support.vllm_models import random_prompts, tiny_checkpoint, transformers_greedy

pytest.importorskip("vllm", reason="vLLM has an environment of its own: make test-vllm")

import vllm
from trl.generation import vllm_generation

from tests.support.toy_training import toy_trainer
from tests.support.vllm_processes import MODEL
from xdomain.config.experiment import Experiment
from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.core.errors import ConfigError
from xdomain.core.states import NoteKind
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_tokenizer
from xdomain.train.arguments import preflight
from xdomain.train.callbacks import read_metrics
from xdomain.train.engine_gap import GAP
from xdomain.train.rollout_engine import VARIABLES, Draw, rollout_engines

TRAINING = {"steps": 4, "prompts_per_step": 8, "generations": 4, "learning_rate": 1e-3, "max_completion_tokens": 6}
ROUNDING = 2e-6
"""Largest mean difference of log-probabilities in float32, in nats; some 2e-7 were seen."""


def experiment_with(lora: Mapping[str, Any] | None = None, **training: Any) -> Experiment:
    model = {"preset": "tiny_qwen3", "warmup": {"steps": 80, "examples_per_step": 32, "domains": ["logic", "puzzle"]}}
    return make_experiment(
        model={**model, "lora": lora},
        training=TRAINING | {"rollout": "vllm-colocate"} | training,
        execution={"device": "cpu"},
    )


@pytest.fixture(scope="module")
def base_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stages = Stages(tmp_path_factory.mktemp("base"))
    stages.base(experiment_with())
    return stages.root


@pytest.fixture
def stages(base_weights: Path, tmp_path: Path) -> Stages:
    return Stages.on_base_of(base_weights, tmp_path)


def always_moving(stage: TrainedStage) -> bool:
    """Whether every step changed the weights."""
    return all(line["grad_norm"] > 0 for line in read_metrics(stage.work / "metrics.jsonl"))


def digest(stages: Stages, key: str) -> bytes:
    return (stages.end(key) / "model.safetensors").read_bytes()


def test_a_stage_repeats_bit_by_bit_and_follows_its_seed(stages: Stages) -> None:
    experiment = experiment_with()
    before = {name: os.environ.get(name) for name in VARIABLES}
    trained = stages.train(experiment, "a", "base", "logic + puzzle")
    stages.train(experiment, "again", "base", "logic + puzzle")
    stages.train(experiment, "other", "base", "logic + puzzle", seed=8)
    assert digest(stages, "a") == digest(stages, "again")
    assert digest(stages, "a") != digest(stages, "other")
    assert always_moving(trained)
    assert {name: os.environ.get(name) for name in VARIABLES} == before
    assert vllm_generation.LLM is vllm.LLM
    gaps = [line[GAP] for line in read_metrics(trained.work / "metrics.jsonl")]
    assert len(gaps) == 4
    assert all(0 <= gap["mean"] < ROUNDING and gap["mean"] <= gap["max"] and gap["tokens"] > 0 for gap in gaps)
    summary = trained.summary
    assert summary[GAP]["largest_mean"] == max(gap["mean"] for gap in gaps)
    assert summary[GAP]["limit"] == 1e-3
    assert summary["gap_alarms"] == []


@pytest.mark.parametrize("lora", [None, {"r": 4}], ids=["full", "LoRA"])
def test_a_stopped_stage_continues_to_the_same_weights(stages: Stages, lora: Mapping[str, Any] | None) -> None:
    experiment = experiment_with(lora)
    whole = stages.train(experiment, "whole", "base", "logic + puzzle")
    looks = iter([False, True])
    stopped = stages.train(experiment, "cut", "base", "logic + puzzle", stop_requested=lambda: next(looks))
    assert stopped.summary == {"step": 2}
    assert len(read_metrics(stages.inputs["cut"] / "metrics.jsonl")) == 2
    cut = stages.train(experiment, "cut", "base", "logic + puzzle")
    name = "model.safetensors" if lora is None else "adapter_model.safetensors"
    assert (stages.end("cut") / name).read_bytes() == (stages.end("whole") / name).read_bytes()
    counts = [
        [(line["step"], line["domains"], line[GAP]) for line in read_metrics(stage.work / "metrics.jsonl")]
        for stage in (whole, cut)
    ]
    assert counts[0] == counts[1]
    assert always_moving(whole)


class Listener(Silent):
    """A reporter that keeps alarms."""

    def __init__(self) -> None:
        self.alarms: list[str] = []

    def event(self, kind: NoteKind, **values: Any) -> None:
        if kind is NoteKind.ALARM:
            self.alarms.append(values["message"])


@pytest.mark.parametrize("corrected", [True, False])
def test_weights_that_do_not_reach_the_engine_raise_an_alarm(
    stages: Stages, corrected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    grpo = {"vllm_importance_sampling_correction": corrected}
    experiment = experiment_with(micro_batch=8, grpo=grpo)
    listener, real, calls = Listener(), vllm_generation.VLLMGeneration.sync_weights, []

    def first_only(self: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            real(self)

    monkeypatch.setattr(vllm_generation.VLLMGeneration, "sync_weights", first_only)
    stage = stages.train(experiment, "a", "base", "logic + puzzle", reporter=listener)
    assert len(calls) == 4
    assert always_moving(stage)
    assert [message.partition(":")[0] for message in listener.alarms] == ["step 2", "step 3", "step 4"]
    assert "largest_gap" in listener.alarms[0]
    (sentence,) = stage.summary["gap_alarms"]
    assert sentence.startswith("in 3 of 4 rollouts")


class GreedyGuard(TrainerCallback):
    """Compares the engine's greedy tokens with those of transformers on the trainer's weights at every new step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trainer: Any = None
        self.compared = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        model = self.trainer.accelerator.unwrap_model(self.trainer.model)
        self.trainer.vllm_generation.sync_weights()
        tokenizer = tiny_tokenizer()
        prompts = [list(tokenizer(text)["input_ids"]) for text in random_prompts(40)]
        greedy = vllm.SamplingParams(temperature=0.0, max_tokens=16, detokenize=False)
        engine = self.trainer.vllm_generation.llm
        engine.expect([Draw(0)] * len(prompts), [tokenizer.eos_token_id])
        found = engine.generate([{"prompt_token_ids": ids} for ids in prompts], greedy, use_tqdm=False)
        merged = self.folder / f"step {state.global_step}"
        if hasattr(model, "merge_adapter"):
            save_full(copy.deepcopy(model).merge_and_unload(), tokenizer, merged, chat_template=False)
        else:
            save_full(model, tokenizer, merged, chat_template=False)
        assert load_plain(merged).config.tie_word_embeddings
        expected, lead = transformers_greedy(merged, prompts, tokenizer.eos_token_id)
        assert lead > 1e-5
        assert [list(each.outputs[0].token_ids) for each in found] == expected
        self.compared += 1


@pytest.mark.parametrize("lora", [False, True], ids=["full", "LoRA"])
def test_greedy_tokens_equal_transformers_after_every_swap(tmp_path: Path, lora: bool) -> None:
    tiny_checkpoint(tmp_path / MODEL, 1)
    with rollout_engines(RolloutEngineConfig(), "float32", "cpu", 1):
        trainer = toy_trainer(
            tmp_path / "out",
            model=load_plain(tmp_path / MODEL),
            lora=lora,
            rollout="vllm-colocate",
            steps=3,
            learning_rate=1e-2 if lora else 1e-3,
        )
        guard = GreedyGuard(tmp_path)
        guard.trainer = trainer
        trainer.add_callback(guard)
        trainer.train()
    assert guard.compared == 3


def test_an_unknown_argument_of_the_engine_is_refused_before_anything_runs() -> None:
    preflight(experiment_with(vllm={"arguments": {"max_num_batched_tokens": 8192}}), "cpu")
    with pytest.raises(ConfigError, match='Did you mean "max_num_batched_tokens"'):
        preflight(experiment_with(vllm={"arguments": {"max_num_batched_token": 8192}}), "cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_frozen_weights_stay_what_they_were(tmp_path: Path, dtype: torch.dtype) -> None:
    """TRL's own merging changes their last bits at every step."""
    model = load_plain(tiny_checkpoint(tmp_path / "float32", 1)).to(dtype)
    save_full(model, tiny_tokenizer(), tmp_path / MODEL, chat_template=False)
    name = str(dtype).removeprefix("torch.")
    with rollout_engines(RolloutEngineConfig(), name, "cpu", 1):
        trainer = toy_trainer(
            tmp_path / "out", model=load_plain(tmp_path / MODEL), lora=True, rollout="vllm-colocate", learning_rate=1e-2
        )
        frozen = {name: value for name, value in trainer.model.named_parameters() if not value.requires_grad}
        before = {name: value.detach().clone() for name, value in frozen.items()}
        trainer.train()
    assert all(value.dtype is dtype and torch.equal(value, before[name]) for name, value in frozen.items())
    assert trainer.rollout_metrics[GAP]["mean"] < (0.1 if dtype is torch.bfloat16 else 1e-5)
