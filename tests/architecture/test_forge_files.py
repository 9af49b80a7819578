"""The files that a public forge reads are valid and agree with the repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import xdomain

ROOT = Path(__file__).parents[2]
WORKFLOW = ".github/workflows/ci.yml"
HOOKS = ".pre-commit-config.yaml"


def load(name: str) -> dict[str, Any]:
    found = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def targets() -> set[str]:
    """Return what `make` can make."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


JOBS = load(WORKFLOW)["jobs"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_steps_that_the_repository_can_do(name: str) -> None:
    job = JOBS[name]
    assert job["runs-on"] == "ubuntu-latest"
    assert 0 < job["timeout-minutes"] <= 60
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step), step
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
        made = set(re.findall(r"\bmake ([a-z-]+)", step.get("run", "")))
        assert made <= targets(), step
        for path in re.findall(r"\btests/[\w/.]+", step.get("run", "")):
            assert (ROOT / path).exists(), path


def test_the_workflow_covers_what_the_issue_names() -> None:
    workflow = load(WORKFLOW)
    assert workflow[True].keys() >= {"push", "pull_request"}, "YAML 1.1 reads the key `on` as true"
    assert workflow["permissions"] == {"contents": "read"}
    assert JOBS["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert [name for name, job in JOBS.items() if job.get("continue-on-error")] == ["newest"]
    assert JOBS.keys() == {"test", "lowest", "newest", "wheel", "docs"}


def test_the_oldest_python_is_the_one_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={JOBS['test']['strategy']['matrix']['python'][0]}"


def test_hooks_are_complete_and_ruff_is_the_version_that_lints() -> None:
    repos = load(HOOKS)["repos"]
    for repo in repos:
        assert repo.keys() == ({"repo", "hooks"} if repo["repo"] == "local" else {"repo", "rev", "hooks"})
        for hook in repo["hooks"]:
            assert repo["repo"] != "local" or hook.keys() >= {"id", "name", "entry", "language"}
    (ruff,) = (repo["rev"] for repo in repos if repo["repo"].endswith("ruff-pre-commit"))
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nruff=={ruff.removeprefix('v')}\n" in constraints


def test_the_citation_names_this_version_and_licence() -> None:
    citation = load("CITATION.cff")
    assert citation.keys() >= {"cff-version", "message", "title", "authors"}, "what the format requires"
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == xdomain.__version__
    assert all(author.keys() & {"name", "family-names"} for author in citation["authors"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["license"] == project["license"]
    assert all(reference.keys() >= {"type", "title", "authors"} for reference in citation["references"])
