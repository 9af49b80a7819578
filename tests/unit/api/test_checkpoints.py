"""Published checkpoints that are not there, or whose weights are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.checkpoints import StoredCheckpoint, load_checkpoint
from xdomain.api.session import Session
from xdomain.core.errors import ConfigError, StoreError


def test_a_name_of_nothing_or_of_several_is_refused(smoke: Session) -> None:
    with pytest.raises(ConfigError, match="Found none"):
        load_checkpoint("law, seed 0", store=smoke.store)
    with pytest.raises(ConfigError, match="should name one checkpoint"):
        load_checkpoint("math*", store=smoke.store)
    with pytest.raises(ConfigError, match="has no checkpoint at step 7"):
        load_checkpoint("math, seed 0@7", store=smoke.store)


def test_weights_that_are_gone_are_not_loaded(tmp_path: Path) -> None:
    gone = StoredCheckpoint("math, seed 0 step 40", "0" * 64, 40, tmp_path / "step-000040")
    for load in (gone.model, gone.tokenizer):
        with pytest.raises(StoreError, match="does not exist"):
            load()
