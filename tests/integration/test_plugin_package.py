"""A real third-party package: installed by pip into a folder of its own, found through its entry point, proven."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xdomain.core.errors import PluginError
from xdomain.domains.build import build_domain

PACKAGE = Path(__file__).resolve().parents[1] / "plugin_package"
CHECKOUT = PACKAGE.parents[1]

PROOF = """
import json
from xdomain.domains.build import build_domain
from xdomain.domains.registry import DOMAINS
from xdomain.domains.testing import check_domain
found = check_domain(lambda: build_domain("roman"), fewest_prompts=3999)
print(json.dumps([DOMAINS.names(), found.distinct_prompts, found.scorer]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed."""
    source = tmp_path_factory.mktemp("source") / "plugin_package"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    return target


def test_an_installed_plugin_is_found_and_keeps_the_contract(site):
    path = os.pathsep.join([str(CHECKOUT), str(site)])
    done = subprocess.run(
        [sys.executable, "-c", PROOF],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names, prompts, scorer = json.loads(done.stdout)
    assert "roman" in names
    assert {"math", "science", "logic", "puzzle"} <= set(names)
    assert (prompts, scorer) == (3999, "roman/1")


def test_without_it_the_name_is_unknown():
    with pytest.raises(PluginError, match='unknown domain "roman"'):
        build_domain("roman")
