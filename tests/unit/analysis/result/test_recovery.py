"""Repairs in the JSON export."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from tests.unit.report.test_cures import FOUND
from xdomain.analysis.result import Recovery


def test_a_round_trip_through_json() -> None:
    assert Recovery.model_validate(json.loads(FOUND.model_dump_json())) == FOUND


def test_an_unknown_kind_is_refused() -> None:
    document = json.loads(FOUND.model_dump_json())
    document["points"][0]["repair"] = "prayer"
    with pytest.raises(ValidationError, match=r"points\.0\.repair"):
        Recovery.model_validate(document)
