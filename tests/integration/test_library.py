"""What a script gets from the library is what the commands print, to the last digit."""

from __future__ import annotations

import json
import math
import os
import re
import runpy
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import xdomain as library
from tests.support.page_blocks import blocks
from tests.support.small_grid import TEXT, write_experiment, xdomain

GRID = "grid: {singles: true, ordered_pairs: true, mixed_pairs: true}"
OPTIONS = library.EvaluationOptions(items=20, samples=2, temperature=1.0, max_tokens=8)
STUDY = """
name: tiny-study
pairs: [{name: L, base: "base tiny_qwen3", tuned: "logic, seed 0", trained_on: [truth]}]
groups: {truth: [logic], letters: [puzzle]}
domains: [logic, puzzle]
evaluation: {items: 20, samples: 2, temperature: 1.0, max_completion_tokens: 8}
"""


class Opened:
    """A small grid that the library ran, with the events of its session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = write_experiment(
            folder, TEXT.replace(GRID, "grid: {singles: true}").replace("steps: 4", "steps: 2")
        )
        self.store = folder / "store"
        self.session = library.open_experiment(self.path, store=self.store)
        self.events: list[Any] = []
        self.outcome = self.session.run(jobs=2, progress=self.events.append)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return Opened(tmp_path_factory.mktemp("library"))


def same(one: Any, other: Any) -> bool:
    """Whether two documents are equal, NaN to NaN."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_a_run_tells_its_events_and_ends(opened: Opened) -> None:
    kinds = [event.event for event in opened.events]
    assert (kinds[0], kinds[-1]) == ("begun", "ended")
    assert kinds.count("done") == len(opened.session.plan.stages) == len(opened.outcome.ran)
    assert opened.session.status().finished
    assert "0 stages run" in xdomain("grid", "run", opened.path, "--store", opened.store).stderr


def test_the_analysis_is_that_of_the_command(opened: Opened) -> None:
    printed = json.loads(xdomain("report", opened.path, "--store", opened.store, "--json").stdout)
    assert same(json.loads(opened.session.analyse().model_dump_json()), printed)
    frame = opened.session.analyse().matrices["transfer"].frame()
    for row, cells in printed["matrices"]["transfer"]["cells"].items():
        for column, cell in cells.items():
            value = frame.loc[row, column]
            assert value == cell["estimate"] or (cell["estimate"] is None and math.isnan(value))


def test_status_and_plan_are_those_of_the_commands(opened: Opened) -> None:
    where = (opened.path, "--store", opened.store, "--json")
    assert same(opened.session.status().document(), json.loads(xdomain("grid", "status", *where).stdout))
    assert same(opened.session.forecast().document(), json.loads(xdomain("grid", "plan", *where).stdout))


def test_a_checkpoint_loads_in_transformers(opened: Opened) -> None:
    checkpoint = opened.session.checkpoint("logic, seed 0")
    assert (checkpoint.step, checkpoint.path.is_dir()) == (2, True)
    model, tokenizer = checkpoint.model(), checkpoint.tokenizer()
    prompt = tokenizer("12+7=", return_tensors="pt")
    assert model(**prompt).logits.shape[:2] == prompt["input_ids"].shape
    assert library.load_checkpoint("logic, seed 0", store=opened.store) == checkpoint
    base = library.load_checkpoint("base tiny_qwen3", store=opened.store)
    assert (base.step, base.path.is_dir()) == (0, True)
    with pytest.raises(library.XDomainError, match="should name one checkpoint"):
        library.load_checkpoint("*, seed 0", store=opened.store)
    with pytest.raises(library.XDomainError, match="has no checkpoint at step 7"):
        opened.session.checkpoint("logic, seed 0", 7)


@pytest.mark.slow
def test_models_are_compared_as_by_the_command(opened: Opened) -> None:
    arguments = ["--domains", "logic,puzzle", "--items", "20", "--samples", "2", "--temperature", "1.0"]
    arguments += ["--max-tokens", "8", "--store", str(opened.store), "--json"]
    alone = library.evaluate_model("logic, seed 0", ["logic", "puzzle"], OPTIONS, store=opened.store)
    assert same(alone.document(), json.loads(xdomain("eval", "logic, seed 0", *arguments).stdout))
    assert len(alone.records) == 2 * 20 * 2
    base = "base tiny_qwen3"
    compared = library.compare_models(["logic, seed 0"], "logic,puzzle", base, OPTIONS, store=opened.store)
    printed = json.loads(xdomain("eval", "logic, seed 0", "--base", base, *arguments).stdout)
    assert same(compared.document(), printed)
    several = library.compare_models(["logic, seed 0", "puzzle, seed 0"], "logic", base, OPTIONS, store=opened.store)
    assert set(several.result.accuracy.rows) == {"base", "logic, seed 0", "puzzle, seed 0"}


def test_a_misfit_is_refused_as_by_the_command(opened: Opened) -> None:
    wrong = replace(OPTIONS, settings=["model.dtype=bfloat16"])
    with pytest.raises(library.XDomainError, match="applies to none of the named models"):
        library.evaluate_model("logic, seed 0", "logic", wrong, store=opened.store)


def test_a_study_is_that_of_the_command(opened: Opened) -> None:
    file = opened.folder / "study.yaml"
    file.write_text(STUDY)
    found = library.run_study(file, store=opened.store)
    assert same(found.document(), json.loads(xdomain("study", file, "--store", opened.store, "--json").stdout))


def test_rescoring_by_the_same_verifiers_changes_nothing(opened: Opened) -> None:
    changes = opened.session.rescore()
    assert same(
        changes.model_dump(mode="json"),
        json.loads(xdomain("rescore", opened.path, "--store", opened.store, "--json").stdout),
    )
    assert all(each.before == each.after for each in changes.verdicts)


def test_the_documented_script_has_the_matrices_of_the_command(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a finished store of the smoke grid, which a run then only finds."""
    store, script = tmp_path / "store", repository / "docs" / "how-to" / "smoke_from_python.py"
    with tarfile.open(repository / "tests" / "fixtures" / "smoke" / "store.tar.xz") as archive:
        archive.extractall(store)  # our own archive; Python 3.11.2 knows no `filter`
    assert len(script.read_text().splitlines()) <= 25
    monkeypatch.setattr(sys, "argv", [str(script), str(store)])
    monkeypatch.setitem(os.environ, "MPLBACKEND", "Agg")
    monkeypatch.chdir(repository)
    result = json.loads(runpy.run_path(str(script))["result"].model_dump_json())
    printed = json.loads(xdomain("report", "experiments/smoke.yaml", "--store", store, "--json").stdout)
    assert result["matrices"]["transfer"]["cells"]
    assert same(result["matrices"], printed["matrices"])
    assert (store / "transfer.png").stat().st_size > 1000


SNIPPETS = [
    block
    for block in blocks()
    if block.language == "python"
    and block.page.rpartition("/")[2]
    in ("README.md", "use-from-python.md", "load-a-checkpoint.md", "publish-a-checkpoint.md", "report-formats.md",
        "run-events.md")
    and "hub:OWNER" not in block.text
]  # fmt: skip


def test_the_snippets_of_the_pages_run(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the small grid in place of the pages' own."""
    monkeypatch.setenv("XDOMAIN_STORE", str(opened.store))
    monkeypatch.chdir(tmp_path)
    opened.session.report(tmp_path, ["json"])
    names: dict[str, Any] = {"xdomain": library, "session": opened.session, "result": opened.session.analyse()}
    assert len(SNIPPETS) >= 9
    for block in sorted(SNIPPETS, key=lambda block: "from_pretrained" in block.text):  # after the export
        text = re.sub(r'"math(?: -> logic)?, seed 0"', '"logic, seed 0"', block.text)
        text = text.replace("experiments/smoke.yaml", str(opened.path)).replace('store="xdomain-store"', "store=None")
        exec(compile(text, f"{block.page}:{block.line}", "exec"), names)
    assert (tmp_path / "exported" / "README.md").exists()
    assert (tmp_path / "report" / "report.html").exists()
