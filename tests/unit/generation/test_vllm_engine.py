"""Which adapters and weights an engine can serve, read from their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xdomain.generation.vllm_engine import SERVED_RANKS, architecture, served_rank

ADAPTER = {"peft_type": "LORA", "r": 8, "target_modules": ["q_proj"], "bias": "none"}


@pytest.mark.parametrize(
    ("changes", "rank"),
    [
        ({}, 8),
        ({"r": SERVED_RANKS[-1] + 1}, None),
        ({"use_dora": True}, None),
        ({"modules_to_save": ["embed_tokens"]}, None),
        ({"rank_pattern": {"q_proj": 4}}, None),
        ({"bias": "all"}, None),
        ({"target_modules": "all-linear"}, None),
        ({"target_modules": ["model.lm_head"]}, None),
        ({"peft_type": "IA3"}, None),
    ],
)
def test_what_cannot_be_served_is_merged(tmp_path: Path, changes: dict[str, Any], rank: int | None) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(ADAPTER | changes))
    assert served_rank(tmp_path) == rank


def test_checkpoints_of_one_architecture_share_an_engine(tmp_path: Path) -> None:
    folders = []
    for name, changes in (("a", {}), ("b", {"_name_or_path": "b"}), ("c", {"hidden_size": 64})):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        (folders[-1] / "config.json").write_text(json.dumps({"hidden_size": 32, "_name_or_path": "a", **changes}))
    one, same, other = folders
    assert architecture(one, "float32") == architecture(same, "float32")
    assert architecture(one, "float32") != architecture(other, "float32")
    assert architecture(one, "float32") != architecture(one, "bfloat16")
