"""How completions came about: tokens, truncation, cost, and what their backend promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from xdomain.plan.graph import Graph
    from xdomain.store.store import Store

GENERATION = (
    "prompt_tokens", "completion_tokens", "finish_reasons", "truncated_share", "usd", "backend", "reproducibility",
    "chat_template", "events", "generated", "borrowed",
)  # fmt: skip
"""What of an evaluation's summary says how its completions came about."""


def generation_of(store: Store, graphs: Mapping[str, Graph]) -> list[dict[str, Any]]:
    """How the completions of every evaluation came about, from what the stages left."""
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
    """What the records themselves tell of an evaluation from before its summary did."""
    from xdomain.core.parquet import read_records

    frame = read_records([records], ("finish_reason", "prompt_tokens", "completion_tokens"))
    reasons = {str(reason): int(number) for reason, number in frame["finish_reason"].value_counts().items()}
    found: dict[str, Any] = {"finish_reasons": reasons, "truncated_share": reasons.get("length", 0) / len(frame)}
    for name in ("prompt_tokens", "completion_tokens"):
        if frame[name].notna().all():
            found[name] = int(frame[name].sum())
    return found


def generation_table(generation: Sequence[Mapping[str, Any]]) -> Table:
    """Tokens, truncation, cost and promises of each evaluation; a hyphen where a stage did not note them."""
    from rich.table import Table

    table = Table(title="Generation", title_justify="left")
    for heading in ("evaluation", "backend", "chat template", "tokens in", "out", "truncated", "unanswered", "USD"):
        table.add_column(heading)
    for row in generation:
        reasons = row["finish_reasons"]
        total = sum(reasons.values()) if reasons else 0
        unanswered = total - reasons.get("stop", 0) - reasons.get("length", 0) if reasons else None
        share, usd = row["truncated_share"], row["usd"]
        cells = row["backend"], row["chat_template"], row["prompt_tokens"], row["completion_tokens"]
        shown = ["-" if cell is None else str(cell) for cell in cells]
        table.add_row(
            row["evaluation"],
            *shown,
            "-" if share is None else f"{100 * share:.0f}%",
            "-" if unanswered is None else str(unanswered),
            "-" if usd is None else f"{usd:.4f}",
        )
    notes = [f"records of {row['evaluation']}: {row['records']}" for row in generation]
    notes += [f"{row['backend']}: {row['reproducibility']}" for row in generation if row["reproducibility"]]
    notes += [f"{row['evaluation']}: {event}" for row in generation for event in row["events"] or ()]
    notes += [_taken(row) for row in generation if row["borrowed"] and row["borrowed"]["completions"]]
    table.caption, table.caption_justify = "\n".join(dict.fromkeys(notes)) or None, "left"
    return table


def _taken(row: Mapping[str, Any]) -> str:
    """Return a note on the completions that an evaluation reused."""
    taken, new = sum(row["borrowed"]["completions"].values()), row["generated"]["completions"]
    return f"{row['evaluation']}: {taken} of {taken + new} completions come from earlier evaluations"
