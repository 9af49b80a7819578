"""The table of how completions were generated."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from xdomain.report.generation import generation_table

ROW: dict[str, Any] = {
    "evaluation": "base on math", "backend": "endpoint", "chat_template": None, "prompt_tokens": 10,
    "completion_tokens": None, "finish_reasons": {"stop": 3, "length": 1, "refused": 2}, "truncated_share": 1 / 6,
    "usd": 0.5, "records": "/store/r.parquet", "reproducibility": "none", "events": ["answered by m"],
    "borrowed": {"completions": {"k": 4}}, "generated": {"completions": 2},
}  # fmt: skip


def shown(*rows: dict[str, Any]) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(generation_table(rows))
    return capture.get()


def test_counts_shares_and_costs() -> None:
    text = shown(ROW)
    (line,) = [line for line in text.splitlines() if "endpoint" in line and "│" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "base on math", "endpoint", "-", "10", "-", "17%", "2", "0.5000",
    ]  # fmt: skip
    assert "4 of 6 completions come from earlier evaluations" in text
    assert "base on math: answered by m" in text


def test_what_was_not_noted_is_a_hyphen() -> None:
    bare = ROW | dict.fromkeys(("finish_reasons", "truncated_share", "usd", "events", "borrowed", "reproducibility"))
    text = shown(bare)
    assert "earlier evaluations" not in text
    assert text.count(" - ") >= 3
