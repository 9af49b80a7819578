"""Killable children: a hang or a crash costs one job, a slow start costs none, and no child outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from xdomain.domains.worker_pool import Failure, WorkerPool

CHILD = """
import json, os, sys, time
time.sleep(float(os.environ.get("SLOW_START", "0")))
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    if job == "hang":
        time.sleep(60)
    if job == "crash":
        os._exit(3)
    if job == "flood":
        print("x" * 2_000_000, flush=True)
    if job == "modules":
        job = [name for name in ("torch", "xdomain.cli.app") if name in sys.modules]
    print(json.dumps({"pid": os.getpid(), "job": job}), flush=True)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "answering_child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "answering_child"


def jobs_of(replies: list) -> list:
    return [reply if isinstance(reply, Failure) else reply["job"] for reply in replies]


@pytest.mark.parametrize(
    ("bad", "reason"), [("hang", "timeout"), ("crash", "crash"), ("flood", "crash"), ("x" * 900_000, None)]
)
def test_a_bad_job_fails_alone_and_order_is_kept(bad: str, reason: str | None, module: str) -> None:
    pool = WorkerPool(module, 2)
    jobs = [1, bad, "two", [3], bad, None, {"a": "\ud800"}]
    replies = pool.map(jobs, 0.5)
    pool.close()
    assert jobs_of(replies) == [Failure(reason) if job == bad and reason else job for job in jobs]


def test_a_slow_start_does_not_count_against_a_job(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOW_START", "0.6")
    pool = WorkerPool(module, 1)
    assert jobs_of(pool.map(["a", "crash", "b"], 0.3)) == ["a", Failure("crash"), "b"]
    pool.close()


def test_workers_are_few_kept_and_started_when_needed(module: str) -> None:
    before = psutil.Process().children()
    pool = WorkerPool(module, 2)
    assert pool.map([], 1.0) == []
    assert psutil.Process().children() == before
    first = {reply["pid"] for reply in pool.map(list(range(50)), 5.0)}
    second = {reply["pid"] for reply in pool.map(list(range(50)), 5.0)}
    assert len(first | second) <= 2
    pool.close()
    assert not any(psutil.pid_exists(pid) for pid in first | second)


def test_a_child_that_cannot_start_is_unavailable() -> None:
    assert WorkerPool("no_such_module_at_all", 2).map([1, 2], 1.0) == [Failure("unavailable")] * 2


def test_a_child_runs_its_module_alone_and_ends_with_a_parent_that_is_killed(module: str, tmp_path: Path) -> None:
    """The script has no `if __name__ == "__main__"`, as a notebook's cells have none, and holds a fake torch."""
    (tmp_path / "torch.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import time, torch
            from xdomain.domains.worker_pool import WorkerPool
            replies = WorkerPool({module!r}, 1).map(["modules"], 10.0)
            print(replies[0]["pid"], replies[0]["job"], flush=True)
            time.sleep(60)
            """
        )
    )
    search = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": search}
    ) as parent:
        assert parent.stdout is not None
        pid, _, modules = parent.stdout.readline().strip().partition(" ")
        assert modules == "[]"
        child = psutil.Process(int(pid))
        parent.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 5
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the child outlives its parent"
            time.sleep(0.02)
