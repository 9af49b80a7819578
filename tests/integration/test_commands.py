"""Commands that need no training, through the real command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.small_grid import xdomain


def test_domains_check_of_the_built_in_four() -> None:
    checks = json.loads(xdomain("domains", "check", "--json").stdout)
    assert [check["name"] for check in checks] == ["math", "science", "logic", "puzzle"]
    for check in checks:
        assert check["ok"]
        assert check["distinct_prompts"] >= 5000
        assert sum(part["garbage_right"] for part in check["splits"]) == 0
        assert all(part["gold_right"] == part["items"] for part in check["splits"])


def test_domains_sample_shows_prompt_gold_and_verdict() -> None:
    (item,) = json.loads(xdomain("domains", "sample", "puzzle", "-n", "1", "--json").stdout)
    assert item["verdict"] == "right"
    assert "".join(sorted(item["prompt"].rstrip(">"))) == item["gold"]
    assert "Did you mean" in xdomain("domains", "sample", "puzle", code=2).stderr


def test_plan_of_the_four_domain_grid(repository: Path, tmp_path: Path) -> None:
    path = repository / "experiments" / "four-domains.yaml"
    plan = json.loads(
        xdomain("grid", "plan", path, "--seeds", "0", "--format", "json", "--store", tmp_path / "s").stdout
    )
    assert (plan["train_stages"], plan["naive_train_stages"]) == (22, 34)
    assert len(plan["stages"]) == plan["train_stages"] + plan["evaluations"] + 1
    mermaid = xdomain("grid", "plan", path, "--seeds", "0", "--format", "mermaid", "--store", tmp_path / "s").stdout
    assert mermaid.startswith("flowchart LR")
    assert not (tmp_path / "s").exists(), "planning writes nothing"


def test_explain_names_the_differing_field(repository: Path, tmp_path: Path) -> None:
    path = repository / "experiments" / "four-domains.yaml"
    titles = "math, seed 0", "math, seed 1"
    ended = xdomain("grid", "plan", path, "--explain", *titles, "--store", tmp_path / "s")
    assert "seed" in ended.stdout


@pytest.mark.parametrize(("name", "train_stages"), [("when-domains-interact", 114), ("cgpo", 27), ("care-rl", 36)])
def test_the_papers_grids_plan_on_stand_ins(
    name: str, train_stages: int, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-m", "experiments.stand_ins", tmp_path], cwd=repository, check=True)
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path))
    path = repository / "experiments" / f"{name}.yaml"
    plan = json.loads(xdomain("grid", "plan", path, "--json", "--store", tmp_path / "s").stdout)
    assert plan["train_stages"] == train_stages
    if name == "when-domains-interact":  # the others are judged by an endpoint
        for check in json.loads(xdomain("domains", "check", path, "--json").stdout):
            assert check["problems"] == []


def test_report_of_an_accuracy_table(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = ["curriculum,domain,accuracy,n_items"]
    for curriculum, math, logic in [("base", 0.4, 0.2), ("math", 0.8, 0.3), ("logic", 0.5, 0.9)]:
        rows += [f"{curriculum},math,{math},500", f"{curriculum},logic,{logic},500"]
    table.write_text("\n".join(rows))
    result = json.loads(xdomain("report", "--from", table, "--json").stdout)
    assert result["matrices"]["transfer"]["cells"]["math"]["math"]["estimate"] == pytest.approx(0.4)
    assert "give either an experiment file or --from" in xdomain("report", code=2).stderr


def test_doctor_says_what_is_there() -> None:
    found = json.loads(xdomain("doctor", "--json").stdout)
    assert found["extras"]["train"] is True
    assert found["sandbox"]
