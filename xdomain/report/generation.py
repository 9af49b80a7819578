"""Describe what `xdomain eval` measured, and how completions were generated; `cli` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from xdomain.analysis.result import AnalysisResult
from xdomain.core.words import count


def generation_table(generation: Sequence[Mapping[str, Any]]) -> Table:
    """Return tokens, truncation, cost and guarantees of each evaluation; a hyphen marks what was not recorded."""
    table = Table(title="Generation", title_justify="left")
    for heading in ("evaluation", "backend", "chat template", "tokens in", "out", "truncated", "unanswered", "USD"):
        table.add_column(heading)
    for row in generation:
        reasons = row["finish_reasons"]
        total = sum(reasons.values()) if reasons else 0
        unanswered = total - reasons.get("stop", 0) - reasons.get("length", 0) if reasons else None
        share, usd = row["truncated_share"], row["usd"]
        cells = row["backend"], row["chat_template"], row["prompt_tokens"], row["completion_tokens"]
        shown = ["-" if cell is None else escape(str(cell)) for cell in cells]
        table.add_row(
            escape(row["evaluation"]),
            *shown,
            "-" if share is None else f"{100 * share:.0f}%",
            "-" if unanswered is None else str(unanswered),
            "-" if usd is None else f"{usd:.4f}",
        )
    notes = [f"records of {row['evaluation']}: {row['records']}" for row in generation]
    notes += [f"{row['backend']}: {row['reproducibility']}" for row in generation if row["reproducibility"]]
    notes += [f"{row['evaluation']}: {event}" for row in generation for event in row["events"] or ()]
    notes += [_taken(row) for row in generation if row["borrowed"] and row["borrowed"]["completions"]]
    table.caption, table.caption_justify = escape("\n".join(dict.fromkeys(notes))) or None, "left"
    return table


def _taken(row: Mapping[str, Any]) -> str:
    """Return a note on the completions that an evaluation reused."""
    taken, new = sum(row["borrowed"]["completions"].values()), row["generated"]["completions"]
    return f"{row['evaluation']}: {taken} of {taken + new} completions come from earlier evaluations"


def measured_lines(result: AnalysisResult, base: str | None, asked_items: int) -> list[str]:
    """Return lines with the base model's name, and the number of items and samples of each domain."""
    lines = [] if base is None else [f"base: {base}"]
    for domain, items in result.meta.items.items():
        fewer = f" ({asked_items} were requested, but the test split has fewer)" if items < asked_items else ""
        lines.append(f"{domain}: {count(items, 'item')} x {count(result.meta.samples[domain], 'sample')}{fewer}")
    return lines
