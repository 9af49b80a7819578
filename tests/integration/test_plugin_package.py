"""A real third-party package: installed by pip into a folder of its own, found through its entry points, proven."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import PluginError
from xdomain.domains.build import build_domain
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3

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


def run_with(site: Path, *arguments: str | Path) -> str:
    """Standard output of a Python that sees the package."""
    path = os.pathsep.join([str(CHECKOUT), str(site)])
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_domain_is_found_and_keeps_the_contract(site):
    names, prompts, scorer = json.loads(run_with(site, "-c", PROOF))
    assert "roman" in names
    assert {"math", "science", "logic", "puzzle"} <= set(names)
    assert (prompts, scorer) == (3999, "roman/1")


def test_an_installed_backend_answers_an_evaluation(site, tmp_path):
    save_full(*tiny_qwen3(seed=0), tmp_path / "model", chat_template=False)
    asked = ["-m", "xdomain", "eval", tmp_path / "model", "--domains", "roman", "--items", "9999", "--json"]
    found = json.loads(run_with(site, *asked, "--backend", "legionary", "--store", tmp_path / "store"))
    (path,) = (tmp_path / "store" / "stages").glob("evaluate-*/records.parquet")
    records = pd.read_parquet(path)
    assert set(records["backend"]) == {"legionary"}
    right = records["item_id"].astype(int) <= 10
    assert right.any(), "the test split holds none of the first ten"
    assert (records["score"] == right).all()
    ((cell,),) = (row.values() for row in found["accuracy"]["cells"].values())
    assert cell["estimate"] == pytest.approx(right.mean())


def test_without_it_the_names_are_unknown():
    with pytest.raises(PluginError, match='unknown domain "roman"'):
        build_domain("roman")
    with pytest.raises(ValidationError, match=r'unknown backend "legionary".*Known: endpoint, transformers, vllm'):
        EvaluationConfig(backend="legionary")
