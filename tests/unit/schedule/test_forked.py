"""What forked processes run: they report an error that is raised before a task begins, and end with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.support.plans import make_experiment
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import ConfigError
from xdomain.schedule.forked import end_with_parent, preflight_main, worker_main
from xdomain.schedule.forkserver import ForkServer

PARENT = """
import sys
from xdomain.schedule.forkserver import ForkServer
from tests.unit.schedule.test_forked import sleep_long
process = ForkServer(1, ()).start(sleep_long)
print(process.pid, flush=True)
process.join()
"""


def sleep_long() -> None:
    end_with_parent()
    time.sleep(600)


def test_a_preflight_sends_what_it_found_wrong() -> None:
    server = ForkServer(1, ())
    refused = make_experiment(
        training={"steps": 10, "prompts_per_step": 4, "generations": 2, "grpo": {"no_such_field": 1}}
    )
    ours, theirs = server.pipe()
    process = server.start(preflight_main, refused.model_dump_json(), False, theirs)
    theirs.close()
    error = error_from_json(ours.recv_bytes().decode())
    process.join()
    assert isinstance(error, ConfigError)
    assert "no_such_field" in error.paragraph()


def test_a_worker_without_a_task_file_exits_with_an_error(tmp_path: Path) -> None:
    process = ForkServer(1, ()).start(worker_main, str(tmp_path / "none.json"), "")
    process.join()
    assert process.exitcode == 1


def test_a_process_ends_when_its_parent_is_killed(repository: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(repository)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment, cwd=repository)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    child.wait(30)
