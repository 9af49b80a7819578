"""What the vLLM backend reads of a checkpoint; tests/integration/test_vllm_backend.py starts real engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import FinishReason, NonFiniteLogits
from xdomain.generation.stopping import StopStrings
from xdomain.generation.vllm_backend import VllmBackend, declared_ends
from xdomain.generation.vllm_engine import Answer
from xdomain.models.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        ({"config.json": {"eos_token_id": 1}, "generation_config.json": {"eos_token_id": [1, 2]}}, [1, 2]),
        ({"config.json": {"eos_token_id": 1}}, 1),
        ({"config.json": {}}, None),
    ],
)
def test_generation_settings_go_before_the_model_s(tmp_path: Path, files: dict[str, Any], ends: Any) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    assert declared_ends(tmp_path) == ends


def answer(text: str, *, stopped: bool = False, log_probability: float = -0.5) -> Answer:
    ids = tuple(TOKENIZER(text)["input_ids"])
    return Answer("0/0", ids, stopped, (log_probability,) * len(ids))


def test_the_text_decides_whether_a_completion_was_stopped() -> None:
    backend = VllmBackend(EvaluationConfig(), "cpu")
    reader = StopStrings(TOKENIZER, ("\n",))
    cut = backend._completion(answer("ab\ncd"), 3, reader)
    assert (cut.text, cut.finish_reason, cut.prompt_tokens, cut.tokens) == ("ab", FinishReason.STOP, 3, 5)
    assert backend._completion(answer("ab"), 3, reader).finish_reason == FinishReason.LENGTH
    assert backend._completion(answer("ab", stopped=True), 3, reader).finish_reason == FinishReason.STOP


def test_an_engine_with_bad_logits_is_replaced() -> None:
    backend = VllmBackend(EvaluationConfig(), "cpu")
    with pytest.raises(NonFiniteLogits):
        backend._completion(answer("ab", log_probability=float("nan")), 3, StopStrings(TOKENIZER, ()))
    assert backend._tainted
    backend.close()
