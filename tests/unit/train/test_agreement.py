"""The base stage compares training with evaluation on the model that it has prepared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_one_pipeline import ITEM, TEMPLATES, tokenizer_with
from tests.support.families import tiny_model
from tests.support.plans import make_experiment
from tests.support.stage_runs import Stages
from xdomain.models.prompting import encode, render
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer
from xdomain.plan.task import base_setup
from xdomain.train.base_model import run_base
from xdomain.train.warmup import warmup_row

BASE_TEMPLATES = ["own system role", "refuses system", "opens reasoning", "brings its own begin"]


def base_of(folder: Path, weights: Any, tokenizer: Any, **changes: Any) -> dict[str, Any]:
    """The summary of a base stage on this model and tokenizer."""
    weights.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 12}
    experiment = make_experiment(**{"model": {"path": str(folder / "model")}, "training": training, **changes})
    return dict(run_base(base_setup(experiment), Stages(folder).context("base")).summary)


@pytest.mark.parametrize("name", BASE_TEMPLATES)
def test_a_base_is_compared_when_it_is_prepared(name: str, tmp_path: Path) -> None:
    model, _ = tiny_qwen3()
    model.generation_config.update(no_repeat_ngram_size=1, do_sample=True)
    summary = base_of(tmp_path, model, tokenizer_with(TEMPLATES[name], adds_begin=True))
    assert summary["compared_prompts"] == 4
    assert summary["compared_completions"] == 8
    assert summary["log_probability_difference"] < 1e-5


@pytest.mark.parametrize("name", ["plain", *BASE_TEMPLATES])
def test_a_warm_up_learns_after_the_prompt_that_rollouts_see(name: str, tmp_path: Path) -> None:
    chat = TEMPLATES[name] is not None
    tokenizer = tokenizer_with(TEMPLATES[name], adds_begin=True)
    row = warmup_row(ITEM, "2", tokenizer, chat)
    (prompt,) = encode([render(ITEM, tokenizer, chat)], tokenizer, chat)
    assert row["input_ids"][: len(prompt)] == prompt
    learned = [number for number, kept in zip(row["input_ids"], row["completion_mask"], strict=True) if kept]
    closing = "</think>\n\n" if name == "opens reasoning" else ""
    assert tokenizer.decode(learned) == f"{closing}2<eos>"
    warmup = {"steps": 2, "examples_per_step": 4, "domains": ["logic"]}
    model = {"path": str(tmp_path / "model"), "warmup": warmup}
    assert base_of(tmp_path, tiny_qwen3()[0], tokenizer, model=model)["warmup_steps"] == 2


def test_a_base_that_is_only_evaluated_is_not_compared(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3()
    changes = {"grid": {}, "curricula": []}
    assert "compared_prompts" not in base_of(tmp_path, model, tokenizer, **changes)


def test_a_domain_that_cannot_be_read_fails_its_own_stages_alone(tmp_path: Path) -> None:
    broken = {
        "name": "broken",
        "source": {"kind": "jsonl", "path": str(tmp_path / "missing.jsonl")},
        "fields": {"question": "question", "gold": "answer"},
        "verifier": {"kind": "text"},
    }
    model, tokenizer = tiny_qwen3()
    assert base_of(tmp_path, model, tokenizer, domains=["logic", broken])["compared_prompts"] == 2


def test_a_base_is_compared_in_the_precision_of_its_weights(tmp_path: Path) -> None:
    """`bf16` rounds what training computes by far more than a float32 comparison allows; it is no disagreement."""
    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 12}
    training |= {"bf16": True, "temperature": 0.3}
    assert base_of(tmp_path, *tiny_qwen3(), training=training)["log_probability_difference"] < 1e-5


def test_prompts_that_the_model_cannot_hold_are_not_compared(tmp_path: Path) -> None:
    rows = [{"question": f"{'x' * 400 * (number % 4 > 0)}{number}", "answer": str(number)} for number in range(60)]
    path = tmp_path / "long.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    long = {
        "name": "long",
        "source": {"kind": "jsonl", "path": str(path)},
        "fields": {"question": "question", "gold": "answer"},
        "verifier": {"kind": "text"},
    }
    summary = base_of(tmp_path, tiny_model("gpt2"), tiny_tokenizer(), domains=["logic", long])
    assert summary["compared_prompts"] == 4
    assert summary["log_probability_difference"] < 1e-5
