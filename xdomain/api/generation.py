"""Describe how completions were generated: tokens, truncation, cost, and the backend's reproducibility."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.core.parquet import read_records
from xdomain.plan.graph import Graph
from xdomain.store.store import Store

GENERATION = (
    "prompt_tokens", "completion_tokens", "finish_reasons", "truncated_share", "usd", "backend", "reproducibility",
    "chat_template", "events", "generated", "borrowed",
)  # fmt: skip
"""Summary fields that describe how completions were generated."""


def generation_of(store: Store, graphs: Mapping[str, Graph]) -> list[dict[str, Any]]:
    """Return one description per finished evaluation, by the graphs' names."""
    found = []
    for text, graph in graphs.items():
        done = store.done(graph.evaluations)
        for stage in graph.evaluations:
            if stage.key not in done:
                continue
            records = store.folder(stage) / "records.parquet"
            about = {"model": text, "evaluation": stage.title, "domain": stage.domain, "records": str(records)}
            noted = {key: value for key, value in store.result(stage)["summary"].items() if value is not None}
            if "finish_reasons" not in noted:
                noted = {"backend": stage.settings.backend} | counted_in(records) | noted
            found.append(about | {name: noted.get(name) for name in GENERATION})
    return found


def counted_in(records: Path) -> dict[str, Any]:
    """Count tokens and finish reasons in the records of an evaluation whose summary lacks them."""
    frame = read_records([records], ("finish_reason", "prompt_tokens", "completion_tokens"))
    reasons = {str(reason): int(number) for reason, number in frame["finish_reason"].value_counts().items()}
    found: dict[str, Any] = {"finish_reasons": reasons, "truncated_share": reasons.get("length", 0) / len(frame)}
    for name in ("prompt_tokens", "completion_tokens"):
        if frame[name].notna().all():
            found[name] = int(frame[name].sum())
    return found
