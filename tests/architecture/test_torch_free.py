"""Planning and reporting load no torch, and the command line's options are what they are on purpose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "trl", "peft", "vllm", "datasets", "accelerate")


@pytest.mark.parametrize(
    "code",
    [
        "import xdomain",
        "import xdomain.cli.app",
        "from xdomain.cli.app import app; app(['grid', 'plan', 'experiments/smoke.yaml'], standalone_mode=False)",
        "from xdomain.cli.app import app; app(['domains', 'list'], standalone_mode=False)",
        "import xdomain.schedule.run, xdomain.schedule.worker_door, xdomain.store.query, xdomain.report.write",
        "import xdomain.analysis.analyse, xdomain.report.html, xdomain.report.terminal, xdomain.report.markdown",
    ],
)
def test_no_torch(code: str, repository: Path) -> None:
    check = f"import sys; {code}; print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=repository, check=True)
    assert ended.stdout.splitlines()[-1] == "LOADED []"


def test_planning_reads_every_matrix_without_the_numerical_libraries(repository: Path) -> None:
    code = "from xdomain.analysis.estimands import estimands; from xdomain.analysis import planned; estimands()"
    heavy = ("numpy", "pandas", "scipy", "statsmodels")
    check = f"import sys; {code}; print('LOADED', [name for name in {heavy} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=repository, check=True)
    assert ended.stdout.splitlines()[-1] == "LOADED []"
