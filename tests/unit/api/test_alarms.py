"""A plan says what alarms cost and find, and refuses what no budget pays for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.api.alarms import PlannedAlarms, planned_alarms
from xdomain.core.errors import PlanError
from xdomain.plan.graph import Plan


def plan(alarms: dict[str, Any] | None, **changes: Any) -> Plan:
    training = {"steps": 120, "prompts_per_step": 16, "generations": 8, "alarms": alarms}
    return make_plan(training=training, **changes)


def planned(alarms: dict[str, Any], **changes: Any) -> PlannedAlarms:
    found = planned_alarms(plan(alarms, **changes))
    assert found is not None
    return found


def test_no_alarms_cost_nothing() -> None:
    assert planned_alarms(plan(None)) is None


def test_sentences_and_document_state_cost_and_detectable_drop() -> None:
    found = planned({})
    (sentence,) = found.sentences()
    assert sentence.startswith(
        "stages of 120 steps and 15,360 completions: 2 looks, at most 5.0% more completions; a fall of 1"
    )
    assert sentence.endswith("points is found on logic, puzzle (sign-flip, 128 dev items)")
    (entry,) = found.document()
    assert entry["completions"] == 768 <= 0.05 * 120 * 16 * 8
    assert entry["detectable_drop"].keys() == {"logic", "puzzle"}


def test_a_short_return_stage_is_named_as_not_monitored() -> None:
    found = planned({}, grid={"refresh": 10})
    first, second = found.sentences()
    assert first.startswith("stages of 120 steps and 15,360 completions: ")
    assert second.startswith(
        "stages of 10 steps and 1,280 completions are not monitored: 0.05 of a stage's 1,280 completions is 64"
    )
    assert [entry.get("refused", "")[:4] for entry in found.document()] == ["", "0.05"]


def test_a_refresh_that_the_file_lists_is_not_monitored() -> None:
    found = planned({}, grid={}, curricula=["logic -> puzzle -> refresh(logic)@10"])
    (size,) = found.designs
    assert (size.steps, found.refused) == (120, {})


def test_a_budget_that_pays_for_no_stage_is_refused() -> None:
    with pytest.raises(PlanError, match=r"Set budget to 0\.01 or more") as error:
        planned({"budget": 0.001})
    assert error.value.where == "training.alarms.budget"


def poems(folder: Path) -> dict[str, Any]:
    """A domain whose rows all go to train and test."""
    rows = [{"question": f"What rhymes with {number}?", "answer": str(number)} for number in range(200)]
    path = folder / "poems.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return {
        "name": "poems",
        "source": {"kind": "jsonl", "path": str(path)},
        "fields": {"question": "question", "gold": "answer"},
        "template": "{{ question }}",
        "verifier": {"kind": "number", "answer_in": "whole"},
        "split": {"dev": 0, "test": 0.3},
    }


def test_a_domain_without_dev_items_is_left_out_unless_the_file_names_it(tmp_path: Path) -> None:
    domains = ["logic", "puzzle", poems(tmp_path)]
    *_, last = planned({}, domains=domains).sentences()
    assert last == "poems is not monitored: it has no dev items"
    with pytest.raises(PlanError, match='"poems" cannot be monitored: it has no dev items'):
        planned({"domains": ["logic", "poems"]}, domains=domains)


def test_phases_with_their_own_settings_have_their_own_design() -> None:
    wide = {"where": {"phase": 2}, "training": {"generations": 16}}
    found = planned({}, overrides=[wide])
    assert [(size.steps, size.completions) for size in found.designs] == [(120, 15_360), (120, 30_720)]
    narrow, broad = found.designs.values()
    assert broad.budget == 2 * narrow.budget
