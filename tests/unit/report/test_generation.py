"""The table of how completions were generated."""

from __future__ import annotations

from rich.console import Console

from xdomain.report.generation import generation_table

ROW = {
    "evaluation": "m on logic",
    "backend": "transformers",
    "chat_template": None,
    "prompt_tokens": 70,
    "completion_tokens": 20,
    "finish_reasons": {"stop": 6, "length": 2, "error": 2},
    "truncated_share": 0.2,
    "usd": None,
    "reproducibility": "the same on one machine",
    "events": ["a retry"],
    "generated": {"completions": 4},
    "borrowed": {"completions": {"k": 6}},
    "records": "records.parquet",
}


def test_unknown_values_are_hyphens_and_notes_stand_below() -> None:
    console = Console(width=200, record=True)
    console.print(generation_table([ROW]))
    shown = console.export_text()
    cells = [cell.strip() for cell in shown.splitlines()[4].strip("│").split("│")]
    assert cells == ["m on logic", "transformers", "-", "70", "20", "20%", "2", "-"]
    assert "6 of 10 completions come from earlier evaluations" in shown
    assert "m on logic: a retry" in shown
