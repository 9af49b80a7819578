"""What Slurm's commands print, read without Slurm."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import DependencyMissing
from xdomain.schedule.slurm_commands import ALIVE, NEVER, SlurmJob, flags, parse_queue, require_slurm

QUEUE = """\
12_0                                    RUNNING             0:0                 None
12_1                                    FAILED              75:0                NonZeroExitCode
13                                      PENDING             0                   ReqNodeNotAvail, UnavailableNodes:n1
14                                      FAILED              19200
"""


def test_the_queue_is_read_by_job_number() -> None:
    assert parse_queue(QUEUE) == {
        "12_0": SlurmJob("RUNNING", 0, "None"),
        "12_1": SlurmJob("FAILED", 75, "NonZeroExitCode"),
        "13": SlurmJob("PENDING", 0, "ReqNodeNotAvail, UnavailableNodes:n1"),
        "14": SlurmJob("FAILED", 75, "None"),
    }
    assert parse_queue("") == {}


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "REQUEUED", "COMPLETED", "FAILED", "NODE_FAIL", "TIMEOUT"])
def test_jobs_that_may_go_on_are_alive(state: str) -> None:
    assert SlurmJob(state, 0, "None").is_alive is (state in ALIVE) is (state in {"RUNNING", "PENDING", "REQUEUED"})


@pytest.mark.parametrize(
    ("reason", "never"),
    [("PartitionConfig", True), ("BadConstraints", True), ("PartitionNodeLimit", True), ("Resources", False)],
)
def test_reasons_that_no_wait_can_change(reason: str, never: bool) -> None:
    assert bool(NEVER.search(reason)) is never


def test_options_as_flags() -> None:
    assert flags({"nodes": 1, "requeue": True, "partition": "gpu"}) == ["--nodes=1", "--requeue", "--partition=gpu"]


def test_without_slurm_on_path_the_missing_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DependencyMissing, match="`sbatch` was not found on PATH") as refused:
        require_slurm()
    assert refused.value.where == "execution.executor"
