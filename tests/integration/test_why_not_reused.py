"""A finished grid is edited: `grid plan` names the edit as the reason why stages are made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.published import published
from tests.support.small_grid import xdomain
from xdomain.api.explaining import explain
from xdomain.api.session import Session, open_experiment

ROWS = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(12)]
TEXT = """
name: edited
model: {preset: tiny_qwen3, warmup: {steps: 1, examples_per_step: 2, domains: [sums]}}
domains:
  - name: sums
    source: {kind: jsonl, train: rows.jsonl, test: rows.jsonl}
    allow_overlap: [test]
    fields: {question: question, gold: answer}
    template: |-
      {{ question }}
      Answer with a number.
    verifier: {kind: number}
  - logic
grid: {singles: true}
training: {steps: 1, prompts_per_step: 2, generations: 2, max_completion_tokens: 4}
evaluation: {items: 4}
execution: {device: cpu, executor: inline}
"""


@pytest.fixture
def finished(tmp_path: Path) -> Session:
    """A grid of two singles, every stage published."""
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    (tmp_path / "exp.yaml").write_text(TEXT)
    session = open_experiment(tmp_path / "exp.yaml", store=tmp_path / "store")
    session.store.create()
    for stage in session.plan.stages.values():
        published(session.store, stage, seconds=1.0, summary={})
    assert session.forecast().reuse == ()
    return session


def edited(session: Session, old: str, new: str) -> Session:
    """Return the session of the same file after an edit."""
    assert session.path is not None
    assert old in session.path.read_text()
    session.path.write_text(session.path.read_text().replace(old, new))
    return open_experiment(session.path, store=session.store)


def found_reasons(session: Session) -> dict[str, dict[str, int]]:
    """Return the stages of each reason by kind."""
    return {str(each.reason): each.stages for each in session.forecast().reuse}


def test_a_changed_template_line_is_named(finished: Session) -> None:
    again = edited(finished, "Answer with a number.", "Answer with one number.")
    lines = '"Answer with a number." -> "Answer with one number."'
    assert found_reasons(again) == {
        f"the template of sums in the warm-up: {lines}": {"base": 1},
        f"the template of sums: {lines}": {"train": 1, "evaluate": 3},
        "None": {"train": 1, "evaluate": 3},
    }
    shown = xdomain("grid", "plan", again.path or "", "--store", again.store.root).stdout
    assert f"1 train stage, 3 evaluate stages: the template of sums: {lines}" in shown
    document = json.loads(xdomain("grid", "plan", again.path or "", "--store", again.store.root, "--json").stdout)
    first = document["not_reused"][1]
    assert first["reason"]["words"] == "the template of sums"
    assert first["stages"] == {"train": 1, "evaluate": 3}


def test_an_added_row_is_named_as_data(finished: Session) -> None:
    assert finished.path is not None
    with (finished.path.parent / "rows.jsonl").open("a") as rows:
        rows.write('{"question": "What is 50 + 50?", "answer": "100"}\n')
    again = open_experiment(finished.path, store=finished.store)
    assert any(reason.startswith("the data of sums") for reason in found_reasons(again))
    assert all("logic" not in reason for reason in found_reasons(again))


def test_a_new_seed_has_no_reason(finished: Session) -> None:
    again = edited(finished, "name: edited", "name: edited\nseeds: [0, 1]")
    forecast = again.forecast()
    assert forecast.reuse == ()
    shown = xdomain("grid", "plan", again.path or "", "--store", again.store.root).stdout
    assert "●○ logic" in shown
    assert shown.count("●○") == 2


def test_a_stored_stage_can_be_explained(finished: Session) -> None:
    again = edited(finished, "steps: 1, prompts_per_step", "steps: 2, prompts_per_step")
    found = explain(again.plan, again.store, "logic, seed 0", "stored")
    assert [field for field, _, _ in found.fields] == ["steps"]
    shown = xdomain(
        "grid", "plan", again.path or "", "--store", again.store.root, "--explain", "logic, seed 0", "stored"
    ).stdout
    assert "steps" in shown
