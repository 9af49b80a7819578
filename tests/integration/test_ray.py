"""Ray: a cluster of two nodes, one of them killed in the middle of a grid; and what is said before work starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.fault_injection import TINY
from tests.support.plans import make_experiment
from tests.support.ray_cluster import two_nodes
from tests.support.small_grid import TEXT, WAIT_SECONDS, command, environment, weights, write_experiment, xdomain
from xdomain.config.execution import ExecutionConfig, RayConfig
from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Task
from xdomain.schedule.ray_executor import RayExecutor
from xdomain.schedule.ray_nodes import check_nodes
from xdomain.schedule.task_file import task_file
from xdomain.store.store import Store

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Any, Any]]:
    with two_nodes() as found:
        yield found


@pytest.fixture(scope="module")
def address(nodes: tuple[Any, Any]) -> str:
    return nodes[0].address


def experiment_on_ray(folder: Path, address: str, text: str = TEXT) -> Path:
    changed = text.replace("execution: {workers: 2, ", f'execution: {{executor: ray, ray: {{address: "{address}"}}, ')
    assert "executor: ray" in changed
    return write_experiment(folder, changed)


def processes(node: Any) -> set[int]:
    """Process numbers of a Ray node's own processes."""
    return {info.process.pid for infos in node.all_processes.values() for info in infos}


def started(store: Path, kind: str, process: subprocess.Popen[str], below: Any = None) -> dict[str, Any]:
    """The lease of the first running stage of a kind that has made a step; with `below`, on that Ray node."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end and process.poll() is None:
        for path in (store / "leases").glob(f"{kind}-*.json"):
            try:
                lease = json.loads(path.read_text())
                parents = {parent.pid for parent in psutil.Process(lease["pid"]).parents()}
            except (OSError, ValueError, psutil.Error):
                continue
            if below is None or processes(below) & parents:
                return {**lease, "folder": path.stem}
        time.sleep(0.05)
    raise AssertionError(f"no {kind} stage was seen to run there: {process.communicate()}")


def unfinished(experiment: Path, store: Path) -> int:
    """Stages that are not published."""
    status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    return len(status["stages"]) - status["counts"]["done"]


def run(experiment: Path, store: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("grid", "run", experiment, "--store", store, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.mark.slow
@pytest.mark.faults("Ray")
def test_a_grid_survives_the_loss_of_a_node(tmp_path: Path, tally: Any) -> None:
    store = tmp_path / "store"
    with two_nodes() as (cluster, second):
        experiment = experiment_on_ray(tmp_path, cluster.address, TINY)
        running = run(experiment, store)
        lost = started(store, "train", running, second)
        cluster.remove_node(second, allow_graceful=False)
        _, errors = running.communicate(timeout=WAIT_SECONDS)
    assert running.returncode == 0, errors
    assert not psutil.pid_exists(lost["pid"])
    causes = [json.loads(line)["cause"] for line in (store / "attempts" / f"{lost['folder']}.jsonl").open()]
    assert causes == ["killed"]
    assert unfinished(experiment, store) == 0
    xdomain("report", experiment, "--store", store)
    assert (store / "reports" / "small" / "report.html").is_file()
    undisturbed = tmp_path / "undisturbed"
    xdomain("grid", "run", write_experiment(tmp_path / "local", TINY), "--store", undisturbed)
    assert weights(store) == weights(undisturbed)
    tally.fault("Ray node lost")
    tally.store(store, undisturbed)


@pytest.mark.slow
def test_the_first_ctrl_c_stops_at_a_checkpoint(tmp_path: Path, address: str) -> None:
    longer = TEXT.replace("grid: {singles: true, ordered_pairs: true, mixed_pairs: true}", "curricula: [logic]")
    experiment = experiment_on_ray(tmp_path, address, longer.replace("steps: 4, prompts", "steps: 40, prompts"))
    store = tmp_path / "store"
    running = run(experiment, store)
    started(store, "train", running)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=WAIT_SECONDS)
    assert running.returncode == 130, errors
    assert not list((store / "leases").glob("*.json"))
    assert list((store / "scratch").glob("train-*/*")), "no checkpoint to go on from"
    xdomain("grid", "run", experiment, "--store", store)
    assert unfinished(experiment, store) == 0


def test_a_stage_goes_where_its_resource_is(tmp_path: Path, nodes: tuple[Any, Any]) -> None:
    cluster, second = nodes
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        grid={},
        curricula=["logic"],
        execution={
            "device": "cpu",
            "ray": {"address": cluster.address},
            "resources": {"base": {"custom": {"far": 0.5}}},
        },
    )
    plan = build_plan(experiment, resolve_identities(experiment))
    store = Store(tmp_path / "store")
    store.create()
    executor = RayExecutor(experiment.execution, store.root)
    try:
        assert executor.free_slots() == 2
        path = store.root / "work" / ".task.json"
        path.write_text(task_file(plan, store, [plan.base], {}).model_dump_json())
        executor.submit(Task(plan.base.folder, (plan.base,), path))
        assert executor.free_slots() == 1
        while not executor.finished(1.0):
            pass
        (worker,) = re.findall(r"begins, process (\d+)", store.log_path(plan.base).read_text())
        assert processes(second) & {parent.pid for parent in psutil.Process(int(worker)).parents()}
    finally:
        executor.close()


@pytest.mark.parametrize(
    ("resources", "field"),
    [
        ({"train": {"gpus": 4}}, "execution.resources.train"),
        ({"evaluate": {"custom": {"a100": 1}}}, "execution.resources.evaluate"),
        ({"base": {"cpus": 1, "memory_gb": 1e6}}, "execution.resources.base"),
        # Each exists, but no node has both.
        ({"train": {"cpus": 2, "custom": {"far": 1}}}, "execution.resources.train"),
    ],
)
def test_what_no_node_can_give_is_refused(tmp_path: Path, address: str, resources: dict[str, Any], field: str) -> None:
    execution = ExecutionConfig.model_validate({"ray": {"address": address}, "resources": resources})
    with pytest.raises(ConfigError, match="no node has what") as refused:
        RayExecutor(execution, tmp_path)
    assert refused.value.where == field


@pytest.mark.parametrize(
    ("address", "message"), [("127.0.0.1:1", "no server answers"), ("ray://127.0.0.1:1", "not supported")]
)
def test_a_cluster_that_nobody_runs(tmp_path: Path, address: str, message: str) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    with pytest.raises(ConfigError, match=message) as refused:
        RayExecutor(ExecutionConfig(ray=RayConfig(address=address)), tmp_path)
    assert refused.value.where == "execution.ray.address"


def test_a_store_that_a_node_does_not_see(tmp_path: Path, address: str) -> None:
    """Nodes of one machine see one file system, but for /proc/self: there a folder is open in this process alone."""
    (tmp_path / "work").mkdir()
    folder = os.open(tmp_path, os.O_RDONLY)
    os.dup2(folder, 987)
    executor = RayExecutor(ExecutionConfig(device="cpu", ray=RayConfig(address=address)), tmp_path)
    try:
        check_nodes(executor._ray, executor._ray.nodes(), tmp_path)
        with pytest.raises(ConfigError, match="does not see the store"):
            check_nodes(executor._ray, executor._ray.nodes(), Path("/proc/self/fd/987"))
    finally:
        executor.close()
        os.close(folder)
        os.close(987)


def test_without_the_package_the_pip_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyMissing, match=r'pip install .*\[ray\]"'):
        RayExecutor(ExecutionConfig(), tmp_path)
