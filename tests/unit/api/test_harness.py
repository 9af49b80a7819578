"""Which checkpoint lm-evaluation-harness loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.harness import harness_model
from xdomain.api.running import RunObserver
from xdomain.api.session import Session
from xdomain.core.errors import ConfigError


def test_a_stored_checkpoint_is_loaded_from_its_folder(smoke: Session) -> None:
    model = harness_model(smoke.store, "math, seed 0@40", None, RunObserver())
    folder = Path(model.arguments["pretrained"])
    assert (folder.name, folder.is_dir()) == ("step-000040", True)


def test_several_checkpoints_are_refused(smoke: Session) -> None:
    with pytest.raises(ConfigError, match="checkpoints"):
        harness_model(smoke.store, "math*", None, RunObserver())
