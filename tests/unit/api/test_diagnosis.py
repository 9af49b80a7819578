"""Diagnoses of stages whose weights or names are not there. tests/integration/test_diagnose.py has whole ones."""

from __future__ import annotations

import pytest

from xdomain.api.diagnosis import diagnose
from xdomain.api.session import Session
from xdomain.core.errors import ConfigError, DamagedArtifact, PlanError


def test_checkpoints_without_weights_are_refused(smoke: Session) -> None:
    with pytest.raises(DamagedArtifact):
        diagnose("math, seed 0", store=smoke.store)


def test_names_are_those_of_training_stages(smoke: Session) -> None:
    with pytest.raises(PlanError, match=r'"maths" should name one stage. Found none.'):
        diagnose("maths", store=smoke.store)
    with pytest.raises(ConfigError, match="is a base model"):
        diagnose(["math, seed 0", "base*"], store=smoke.store)
    with pytest.raises(ConfigError, match="no stage is named"):
        diagnose([], store=smoke.store)
