"""What the store remembers of a stage that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import ConfigError, DamagedArtifact
from xdomain.core.states import Cause
from xdomain.train.command.process import CommandKilled
from xdomain.worker.process_group import GroupLost
from xdomain.worker.tasks import failure_of


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ValueError("no"), Cause.ERROR),
        (ConfigError("no"), Cause.ERROR),
        (MemoryError(), Cause.OUT_OF_MEMORY),
        (OutOfMemoryError("CUDA out of memory"), Cause.OUT_OF_MEMORY),
        (GroupLost("a process of the group ended"), Cause.KILLED),
        (CommandKilled("signal 9 ended the command"), Cause.KILLED),
        (DamagedArtifact("is damaged"), Cause.CORRUPT),
    ],
)
def test_the_cause_follows_the_error(error: Exception, cause: Cause) -> None:
    assert failure_of(error, Path("stage.log")).cause is cause


def test_errors_of_our_own_are_told_in_full_and_others_by_their_type() -> None:
    own = failure_of(ConfigError("is wrong.", where="seeds", fix="Mend it."), Path("stage.log"))
    assert "Mend it." in own.message
    assert own.log == "stage.log"
    assert failure_of(KeyError("x"), Path("l")).message == "KeyError: 'x'"
