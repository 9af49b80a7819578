"""Diagnoses in the JSON export."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from tests.support.diagnosis_example import example_diagnoses
from xdomain.analysis.result import Diagnoses
from xdomain.analysis.result.analysis_result import result_schema


def test_a_round_trip_through_json() -> None:
    found = example_diagnoses(seeds=(0, 1))
    assert Diagnoses.model_validate(json.loads(found.model_dump_json())) == found


def test_a_stage_without_edits_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"stages\.0\.edits"):
        Diagnoses.model_validate({"stages": [{"run": "math", "seed": 0, "effects": []}]})


def test_the_schema_describes_them() -> None:
    definitions = result_schema()["$defs"]
    assert definitions["DiagnosedStage"]["properties"]["edits"]["description"]
    assert "modules" in definitions["Attribution"]["properties"]
