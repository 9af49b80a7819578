"""An item record whose fields tests replace."""

from __future__ import annotations

from xdomain.core.records import ItemRecord

RECORD = ItemRecord(
    stage_key="k",
    checkpoint="k@4",
    domain="math",
    item_id="i",
    cluster_id="i",
    sample=0,
    prompt_hash="h",
    completion="12",
    answer=None,
    gold="12",
    score=None,
    outcome="unscored",
    reason="no sandbox",
    completion_tokens=None,
    finish_reason="stop",
    mean_entropy=0.5,
    scorer="text/1",
    seed=7,
    prefill="",
)
"""Unscored; a score needs another outcome."""
