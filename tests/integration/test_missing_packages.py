"""A package that programs of a domain may import is missing: said before anything is trained, and on a worker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.plans import make_experiment
from tests.support.small_grid import write_experiment, xdomain
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.plan.graph import build_plan
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Task
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.store import Store

TEXT = """
name: coded
model: {preset: tiny_qwen3}
domains:
  - logic
  - name: squares
    source: {kind: jsonl, train: train.jsonl, test: test.jsonl}
    fields: {question: q, gold: a, solution: a, tests: t}
    verifier: {kind: unit_tests, style: stdin, answer_in: [whole], packages: [no_such_package]}
curricula: [logic, squares]
training: {steps: 1, prompts_per_step: 4, generations: 2, max_completion_tokens: 8}
evaluation: {items: 4, samples: 1, temperature: 1.0}
execution: {device: cpu}
"""
PLACE = "verifier.packages"
WORDS = 'the package "no_such_package" is not installed'
FIX = "pip install no_such_package"


def write_rows(folder: Path) -> None:
    for name, first in (("train", 0), ("test", 1000)):
        rows = [
            {"q": f"Print {n}.", "a": f"print({n})", "t": [{"input": "", "output": f"{n}"}]}
            for n in range(first, first + 30)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    "words",
    [
        ("domains", "check", "FILE"),
        ("grid", "plan", "FILE", "--store", "STORE"),
        ("grid", "run", "FILE", "--store", "STORE"),
        ("eval", "http://127.0.0.1:9/v1#model", "--domains", "FILE", "--store", "STORE"),
    ],
    ids=lambda words: "-".join(words[:2]).replace("://", "_"),
)
def test_it_is_said_before_anything_runs(words: tuple[str, ...], tmp_path: Path) -> None:
    write_rows(tmp_path)
    experiment = write_experiment(tmp_path, TEXT)
    places = {"FILE": str(experiment), "STORE": str(tmp_path / "store")}
    said = xdomain(*(places.get(word, word) for word in words), code=3).stderr
    assert said.count("\n") == 1, "one paragraph"
    assert "domains.squares." in said or "small.yaml:9:68: domains.1." in said
    assert all(part in said for part in (PLACE, WORDS, FIX))
    assert not (tmp_path / "store").exists()


class OtherMachine(LocalExecutor):
    """Workers that lack a folder which the session has, as those of another machine may."""

    folder: Path

    def submit(self, task: Task) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        super().submit(task)


@pytest.mark.slow
def test_a_worker_that_lacks_it_fails_with_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    write_rows(tmp_path)
    packages = tmp_path / "packages"
    information = packages / "only_here-1.0.dist-info"
    information.mkdir(parents=True)
    (packages / "only_here.py").write_text("")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: only_here\nVersion: 1.0\n")
    (information / "RECORD").write_text("only_here.py,,\nonly_here-1.0.dist-info/METADATA,,\n")
    (information / "top_level.txt").write_text("only_here\n")
    monkeypatch.syspath_prepend(packages)
    domain: dict[str, Any] = {
        "name": "squares",
        "source": {"kind": "jsonl", "train": str(tmp_path / "train.jsonl"), "test": str(tmp_path / "test.jsonl")},
        "fields": {"question": "q", "gold": "a", "solution": "a", "tests": "t"},
        "verifier": {"kind": "unit_tests", "style": "stdin", "answer_in": ["whole"], "packages": ["only_here"]},
    }
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        domains=[domain],
        grid={},
        curricula=["squares"],
        training={"steps": 1, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 8},
        execution={"device": "cpu"},
    )
    plan = build_plan(experiment, resolve_identities(experiment))
    store = Store(tmp_path / "store")
    store.create()
    executor = OtherMachine(1, 1)
    executor.folder = packages
    try:
        outcome = Scheduler(plan, store, executor, lambda _: None).run()
    finally:
        executor.close()
    assert outcome.failed
    for failure in outcome.failed.values():
        assert 'the package "only_here" is not installed' in str(failure)
        assert "domains.squares.verifier.packages" in str(failure)
