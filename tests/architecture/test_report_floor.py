"""The report renders; it neither computes nor prints, so it loads nothing to compute with."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import xdomain.report

MODULES = [f"xdomain.report.{module.name}" for module in pkgutil.iter_modules(xdomain.report.__path__)]


def test_the_report_loads_nothing_to_compute_with():
    heavy = "{'numpy', 'scipy', 'pandas', 'statsmodels', 'pyarrow', 'torch', 'matplotlib'}"
    script = f"import sys, {', '.join(MODULES)}; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_report_never_prints():
    for path in Path(xdomain.report.__path__[0]).glob("*.py"):
        assert "print(" not in path.read_text(encoding="utf-8"), path.name
