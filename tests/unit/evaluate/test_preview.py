"""A model answers a few items, to look at."""

from __future__ import annotations

from xdomain.config.model import ModelConfig
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.evaluate.preview import preview


def test_prompt_completion_and_verdict_of_each_item() -> None:
    domain = build_domain("math")
    items = list(domain.items(Split.DEV))[:3]
    rows = preview(ModelConfig(preset="tiny_qwen3"), domain, items, temperature=0.0, max_tokens=4)
    assert [row["rendered"] for row in rows] == [item.prompt for item in items]
    assert all(row["verdict"] in ("right", "wrong", "malformed") and row["reason"] for row in rows)
    assert rows == preview(ModelConfig(preset="tiny_qwen3"), domain, items, temperature=0.0, max_tokens=4)
