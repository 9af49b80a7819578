"""The Slurm executor without submitit; with a real Slurm, see tests/integration/test_slurm.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import DependencyMissing
from xdomain.core.states import Cause
from xdomain.schedule.slurm_commands import ALIVE
from xdomain.schedule.slurm_executor import CAUSES, QUEUED, SlurmExecutor


def test_without_the_package_the_pip_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(DependencyMissing, match=r'pip install .*\[slurm\]"'):
        SlurmExecutor(ExecutionConfig(), tmp_path)


def test_states_of_jobs_that_ended_are_no_states_of_living_ones() -> None:
    assert QUEUED <= ALIVE
    assert not ALIVE & set(CAUSES)
    assert set(CAUSES.values()) <= set(Cause)
