"""A real Slurm on this machine runs a tiny grid: a job cancelled, the node drained, jobs preempted and told to stop."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.fault_injection import WAIT_SECONDS
from tests.support.slurm_cluster import SlurmCluster, available, slurm_cluster
from tests.support.small_grid import all_records, command, environment, weights, write_experiment, xdomain
from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.schedule.slurm_executor import SlurmExecutor

pytestmark = pytest.mark.slurm

TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 10, examples_per_step: 16, domains: [logic, puzzle]}}
domains: [logic, puzzle]
curricula: [logic, puzzle]
training: {steps: 60, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-4, max_completion_tokens: 8}
checkpoints: {every_steps: 30}
evaluation: {items: 24, samples: 2, temperature: 1.0}
execution: {executor: slurm, device: cpu, slurm: {poll_seconds: 0.5}}
"""
STAGES = 1 + 2 + (1 + 2 * 2) * 2
OF_LOGIC = 1 + 2 * 2
"""The stage and the evaluations of its two checkpoints."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    available()
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as made:
        yield made


@pytest.fixture
def on_cluster(cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> SlurmCluster:
    """The cluster, where this process and its children find it."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    return cluster


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the same grid, run by the local executor and left alone."""
    folder = tmp_path_factory.mktemp("local")
    experiment = write_experiment(folder, TEXT.replace("executor: slurm", "executor: local"))
    xdomain("grid", "run", experiment, "--store", folder / "store")
    return folder / "store"


class Run:
    """`grid run` in the background, and what it says."""

    def __init__(self, experiment: Path, store: Path, *options: str) -> None:
        self.store = store
        self._log = (store.parent / "run.log").open("w+")
        words = command("grid", "run", experiment, "--store", store, *options)
        self._process = subprocess.Popen(words, env=environment(), stdout=self._log, stderr=self._log)

    @property
    def said(self) -> str:
        return (self.store.parent / "run.log").read_text()

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        end = time.monotonic() + WAIT_SECONDS
        while not (found := condition()):
            assert self._process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.1)
        return found

    def end(self) -> int:
        code = self._process.wait(WAIT_SECONDS)
        self._log.close()
        return code

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def checkpoint(self, label: str) -> Path | None:
        """The resume state of a running training stage."""
        return next((self.store / "scratch").glob(f"train-{label}-*/checkpoint-*/complete"), None)


def job_of(store: Path, label: str) -> str | None:
    """Number of the job that holds a training stage's lease."""
    for lease in (store / "leases").glob(f"train-{label}-*.json"):
        try:
            found = psutil.Process(json.loads(lease.read_text())["pid"]).environ()
        except (OSError, ValueError, psutil.Error):
            continue
        if "SLURM_ARRAY_JOB_ID" in found:
            return f"{found['SLURM_ARRAY_JOB_ID']}_{found['SLURM_ARRAY_TASK_ID']}"
        return found["SLURM_JOB_ID"]
    return None


@pytest.mark.slow
@pytest.mark.faults("Slurm")
def test_a_grid_survives_a_cancelled_job_and_a_drained_node(
    on_cluster: SlurmCluster, undisturbed: Path, tmp_path: Path, tally: Any
) -> None:
    cluster, store = on_cluster, tmp_path / "store"
    experiment = write_experiment(tmp_path, TEXT)
    running = Run(experiment, store)
    running.wait_for(lambda: running.checkpoint("logic"))
    number = running.wait_for(lambda: job_of(store, "logic"))
    cluster.command("scontrol", "update", f"NodeName={cluster.node}", "State=DRAIN", "Reason=test")
    cluster.command("scancel", number)
    running.wait_for(lambda: " waits: " in running.said)
    cluster.command("scontrol", "update", f"NodeName={cluster.node}", "State=RESUME")
    assert running.end() == 1, running.said
    assert f"Slurm job {number} was cancelled (scancel)" in running.said
    arrays = [number for number, name in cluster.jobs("all").items() if name == "xdomain-evaluate" and "_" in number]
    assert arrays, "evaluations went one by one"
    status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    assert status["counts"]["done"] == STAGES - OF_LOGIC, "more is missing than the stage and its evaluations"
    assert running.checkpoint("logic"), "the cancelled stage left no checkpoint to go on from"

    xdomain("grid", "retry", experiment, "--store", store)
    again = json.loads(xdomain("grid", "run", experiment, "--store", store, "--json").stdout.splitlines()[-1])
    assert len(again["ran"]) == OF_LOGIC
    xdomain("report", experiment, "--store", store)
    assert weights(store) == weights(undisturbed)
    assert all_records(store).equals(all_records(undisturbed))
    assert not list((store / "slurm").glob("*.pkl"))
    tally.fault("Slurm job cancelled")
    tally.fault("Slurm node drained")
    tally.store(store, undisturbed)


@pytest.mark.slow
@pytest.mark.faults("Slurm")
def test_preempted_and_told_to_stop(on_cluster: SlurmCluster, undisturbed: Path, tmp_path: Path, tally: Any) -> None:
    """Preemption kills a job and queues it again; the signal before a time limit stops it at a checkpoint."""
    cluster, store = on_cluster, tmp_path / "store"
    experiment = write_experiment(tmp_path, TEXT)
    running = Run(experiment, store)
    running.wait_for(lambda: running.checkpoint("logic"))
    number = running.wait_for(lambda: job_of(store, "logic"))
    cluster.command("scancel", "--signal=USR2", number)
    running.wait_for(lambda: re.search(r"logic, seed 0: Slurm job \S+ stopped at a checkpoint", running.said))
    running.wait_for(lambda: job_of(store, "puzzle") or job_of(store, "logic"))
    cluster.command("sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 1")
    running.wait_for(lambda: "and queued it again" in running.said)
    assert running.end() == 0, running.said
    assert weights(store) == weights(undisturbed)
    tally.fault("Slurm job preempted")
    tally.store(store, undisturbed)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"resources": {"train": {"cpus": 64}}}, "execution.resources.train"),
        ({"resources": {"evaluate": {"gpus": 8}}}, "execution.resources.evaluate"),
        ({"resources": {"base": {"memory_gb": 1e6}}}, "execution.resources.base"),
        ({"slurm": {"options": {"partition": "nowhere"}}}, "execution.resources.base"),
    ],
)
def test_what_no_node_can_give_is_refused(
    on_cluster: SlurmCluster, tmp_path: Path, settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigError, match="no node has what") as refused:
        SlurmExecutor(ExecutionConfig.model_validate({"device": "cpu", **settings}), tmp_path)
    assert refused.value.where == field


def test_a_drained_node_is_no_reason_to_refuse(on_cluster: SlurmCluster, tmp_path: Path) -> None:
    node = f"NodeName={on_cluster.node}"
    on_cluster.command("scontrol", "update", node, "State=DRAIN", "Reason=test")
    try:
        SlurmExecutor(ExecutionConfig(device="cpu"), tmp_path)
        with pytest.raises(ConfigError):
            SlurmExecutor(ExecutionConfig.model_validate({"resources": {"train": {"cpus": 64}}}), tmp_path)
    finally:
        on_cluster.command("scontrol", "update", node, "State=RESUME")
    assert not on_cluster.jobs("PENDING")


def test_no_slurm_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    experiment = write_experiment(tmp_path, TEXT)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store", code=3)
    assert "`sbatch` was not found on PATH" in ended.stderr
    assert not list((tmp_path / "store" / "work").iterdir())


@pytest.mark.slow
def test_ctrl_c_leaves_no_job_behind(on_cluster: SlurmCluster, tmp_path: Path) -> None:
    running = Run(write_experiment(tmp_path, TEXT), tmp_path / "store")
    running.wait_for(on_cluster.jobs)
    running.interrupt()
    assert running.end() == 130, running.said
    assert not on_cluster.jobs("RUNNING,PENDING,COMPLETING")
    assert not list((tmp_path / "store" / "leases").glob("*.json"))


def test_a_limit_that_leaves_no_time(on_cluster: SlurmCluster, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave no time") as refused:
        SlurmExecutor(ExecutionConfig.model_validate({"resources": {"train": {"minutes": 1}}}), tmp_path)
    assert refused.value.where == "execution.resources.train.minutes"


def test_a_fraction_of_a_gpu(on_cluster: SlurmCluster, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="whole GPUs"):
        SlurmExecutor(ExecutionConfig.model_validate({"resources": {"train": {"gpus": 0.5}}}), tmp_path)
