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

from tests.plugin_package.xdomain_roman import to_roman
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
from xdomain.config.domain_registry import DOMAINS
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


GRID = """
name: legion
model: {preset: tiny_qwen3, warmup: {steps: 200, examples_per_step: 32, domains: [numerals]}}
domains:
  - name: numerals
    source: {kind: numbers, parameters: {highest: 60}}
    verifier: {kind: numeral, parameters: {share_of_letters: true}}
    split: {test: 0.4}
  - puzzle
grid: {singles: true, mixed_pairs: true}
strategies: [joint, {name: consuls, parameters: {years: 2}}]
training: {steps: 3, prompts_per_step: 4, generations: 2, max_completion_tokens: 8}
evaluation: {items: 20, samples: 3, temperature: 1.0}
analysis: {estimands: [any_right]}
execution: {workers: 2, device: cpu}
"""


def ended_with(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a Python that sees the package."""
    path = os.pathsep.join([str(CHECKOUT), str(site)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def run_with(site: Path, *arguments: str | Path) -> str:
    """Standard output of a Python that sees the package."""
    done = ended_with(site, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
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
    ((cell,),) = (row.values() for row in found["matrices"]["accuracy"]["cells"].values())
    assert cell["estimate"] == pytest.approx(right.mean())


def write_grid(folder: Path, text: str = GRID) -> Path:
    (folder / "legion.yaml").write_text(text)
    return folder / "legion.yaml"


def test_a_grid_of_installed_parts_runs_and_reports(site, tmp_path):
    experiment, store = write_grid(tmp_path), tmp_path / "store"
    run_with(site, "-m", "xdomain", "grid", "run", experiment, "--store", store)
    run_with(site, "-m", "xdomain", "report", experiment, "--store", store, "--out", tmp_path / "report")

    stages = {path.parent: json.loads(path.read_text()) for path in (store / "stages").glob("*/stage.json")}
    trained = [stage["payload"] for stage in stages.values() if stage["payload"]["kind"] == "train"]
    strategies = [payload["strategy"] for payload in trained if len(payload["weights"]) == 2]
    assert {"name": "consuls", "parameters": {"years": 2}, "version": 2} in strategies
    metrics = [path.read_text() for path in (store / "stages").glob("train-*/metrics.jsonl")]
    assert any('"ruler"' in text for text in metrics), "the plugin's strategy made the steps"

    records = pd.concat(pd.read_parquet(path) for path in (store / "stages").glob("evaluate-*/records.parquet"))
    numerals = records[records["domain"] == "numerals"]
    assert set(numerals["scorer"]) == {"numeral/1"}
    assert set(numerals["gold"]) <= {to_roman(number) for number in range(1, 61)}
    assert "ave" in set(numerals["reason"]), "the plugin's verifier accepts something"
    wrong = numerals[numerals["outcome"] == "wrong"]
    assert ((wrong["score"] > 0) & (wrong["score"] < 1)).any(), "and pays shares, as its parameter says"

    (report,) = (tmp_path / "report").rglob("*.json")
    cells = json.loads(report.read_text())["matrices"]["any_right"]["cells"]
    base = numerals[numerals["checkpoint"].str.endswith("@0")]
    share = base.groupby("item_id")["outcome"].agg(lambda outcomes: (outcomes == "right").any()).mean()
    assert 0 < share < 1
    assert cells["base"]["numerals"]["estimate"] == pytest.approx(share)
    assert "Any sample right" in "".join(path.read_text() for path in (tmp_path / "report").rglob("*.md"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("highest: 60", "higest: 60", 'domains.0.source.parameters.higest: unknown key "higest". Did you'),
        ("highest: 60", "highest: 9", "domains.0.source.parameters.highest: should be at least 50. Found 9."),
        ("kind: numeral", "kind: numreal", 'unknown verifier "numreal". Did you mean "numeral"? Known: assignment'),
        ("share_of_letters", "share_of_leters", 'verifier.parameters.share_of_leters: unknown key "share_of_leters"'),
        ("years: 2", "yaers: 2", 'strategies.1.parameters.yaers: unknown key "yaers". Did you mean "years"'),
        ("[any_right]", "[any_rihgt]", 'unknown estimand "any_rihgt". Did you mean "any_right"?'),
        ("samples: 3", "backend: legionary, backend_parameters: {tuaght: 3}", 'unknown key "tuaght". Did you mean'),
    ],
)
def test_a_typo_is_one_paragraph(site, tmp_path, old, new, words):
    ended = ended_with(site, "-m", "xdomain", "grid", "plan", write_grid(tmp_path, GRID.replace(old, new)))
    assert ended.returncode == 2
    assert words in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_plan_with_installed_parts_loads_no_torch(site, tmp_path):
    proof = (
        "import sys; from pathlib import Path; from xdomain.config.load import load_experiment;"
        "from xdomain.plan.graph import build_plan; from xdomain.resolve.identities import resolve_identities;"
        f"found = load_experiment(Path({str(write_grid(tmp_path))!r}));"
        "build_plan(found, resolve_identities(found)); print('torch' in sys.modules)"
    )
    assert run_with(site, "-c", proof).split() == ["False"]


def test_without_it_the_names_are_unknown():
    with pytest.raises(PluginError, match='unknown domain "roman"'):
        build_domain("roman")
    with pytest.raises(ValidationError, match=r'unknown backend "legionary".*Known: endpoint, transformers, vllm'):
        EvaluationConfig(backend="legionary")
