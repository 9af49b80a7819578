"""What the worker server imports before it forks."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import gc, json, signal, sys
import xdomain.worker.preload
print(json.dumps({
    "ignores": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    "frozen": gc.get_freeze_count() > 10_000,
    "collects": gc.isenabled(),
    "worker": "xdomain.worker.main" in sys.modules,
    "started cuda": "torch" in sys.modules and sys.modules["torch"].cuda.is_initialized(),
}))
"""


def test_everything_is_there_and_nothing_runs() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "ignores": True,
        "frozen": True,
        "collects": True,
        "worker": True,
        "started cuda": False,
    }
