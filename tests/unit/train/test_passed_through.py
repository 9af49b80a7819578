"""Fields of GRPOConfig that are passed through, against the installed TRL."""

from __future__ import annotations

from typing import Any

import pytest
from trl import GRPOConfig

from xdomain.core.errors import ConfigError
from xdomain.train.passed_through import check_sampling, check_values


@pytest.mark.parametrize(
    ("grpo", "words"),
    [
        ({"top_kk": 3}, r'training\.grpo\.top_kk: TRL\'s GRPOConfig has no such field\. Did you mean "top_k"'),
        ({"top_k": "5"}, r"training\.grpo\.top_k: Input should be a valid integer"),
        ({"steps_per_generation": 3}, "newer than xdomain"),
    ],
)
def test_names_and_types(grpo: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_values(grpo)


def test_values_of_the_right_type_pass() -> None:
    check_values({"top_k": 5, "min_p": 0.1, "adam_beta1": 0.8})


def test_sampling_is_tried_out(tmp_path: Any) -> None:
    common = {"output_dir": str(tmp_path), "use_cpu": True, "bf16": False, "report_to": "none"}
    check_sampling(GRPOConfig(**common, top_k=5))
    with pytest.raises(ConfigError, match="transformers cannot sample with these settings"):
        check_sampling(GRPOConfig(**common, repetition_penalty=-1.0))
