"""Everything that docs/how-to/extend.md shows works as it stands there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.extend_page import write_page
from tests.support.small_grid import xdomain

PROOF = """
from xdomain.config.backend import BACKENDS
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.strategy import PluginStrategyConfig
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import check_strategy
check_strategy(lambda domains: build_strategy(PluginStrategyConfig(name="largest"), domains, 0))
assert BACKENDS.make("parrot", EvaluationConfig(backend="parrot"), "cpu").name == "parrot"
"""


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's grid, in a folder whose package every Python that is started sees."""
    site = tmp_path / "site"
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}:{site}")
    return write_page(site)


@pytest.mark.slow
def test_the_grid_runs_and_reports(grid: Path, tmp_path: Path) -> None:
    quick = ["--set", "training.steps=2", "--set", "training.prompts_per_step=4", "--set", "training.generations=2"]
    quick += ["--set", "evaluation.items=10", "--set", "model.warmup.steps=2", "--set", "execution.device=cpu"]
    store = tmp_path / "store"
    xdomain("grid", "run", grid, "--store", store, *quick)
    xdomain("report", grid, "--store", store, "--out", tmp_path / "report", *quick)
    (report,) = (tmp_path / "report").rglob("*.json")
    matrices = json.loads(report.read_text())["matrices"]
    for row, cells in matrices["accuracy"]["cells"].items():
        for domain, cell in cells.items():
            assert matrices["error_rate"]["cells"][row][domain]["estimate"] == pytest.approx(1 - cell["estimate"])


def test_its_domains_pass_the_check_and_the_doctor_lists_its_parts(grid: Path) -> None:
    found = json.loads(xdomain("domains", "check", grid, "--most", "20", "--json").stdout)
    assert {each["name"]: each["problems"] for each in found} == {"doubles": [], "squares": [], "words": []}
    plugins = json.loads(xdomain("doctor", "--json").stdout)["plugins"]
    assert {"kind": "verifier", "name": "nearly", "package": "xdomain-nearly 1.0"} in plugins
    assert len(plugins) >= 7
    listed = json.loads(xdomain("domains", "list", "--json").stdout)
    assert {"name": "doubles", "scorer": "number/2"}.items() <= next(
        each for each in listed if each["name"] == "doubles"
    ).items()
