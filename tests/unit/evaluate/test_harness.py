"""lm-evaluation-harness: its interpreter, what it is told to load, and the samples it leaves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from xdomain.core.errors import DependencyMissing, StageError, StoreError
from xdomain.core.files import write_json
from xdomain.evaluate.harness import (
    DONE,
    PYTHON_VARIABLE,
    HarnessModel,
    checkpoint_model,
    harness_python,
    last_lines,
    run_harness,
    sample_files,
)


def checkpoint(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    info = {"format": "full", "dtype": "float32", "foundation": None, "chat_template": False}
    write_json(folder / "checkpoint.json", info | changes)
    return folder


def test_a_full_checkpoint_is_loaded_from_its_folder(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "full", chat_template=True)
    assert checkpoint_model(folder) == HarnessModel({"pretrained": str(folder), "dtype": "float32"}, True)


def test_an_adapter_is_loaded_on_its_foundation(tmp_path: Path) -> None:
    below = checkpoint(tmp_path / "below")
    adapter = checkpoint(tmp_path / "adapter", foundation="../below")
    assert checkpoint_model(adapter).arguments == {"pretrained": str(below), "dtype": "float32", "peft": str(adapter)}
    second = checkpoint(tmp_path / "second", foundation="../adapter")
    with pytest.raises(StoreError, match="adapter on an adapter"):
        checkpoint_model(second)


def test_a_model_behind_an_endpoint_has_no_weights_to_load(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="behind an endpoint"):
        checkpoint_model(checkpoint(tmp_path / "endpoint", format="endpoint"))


def test_an_interpreter_without_the_harness_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if importlib.util.find_spec("lm_eval") is not None:
        pytest.skip("lm-evaluation-harness is installed here")
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    with pytest.raises(DependencyMissing, match="is not installed"):
        harness_python()
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)
    with pytest.raises(DependencyMissing, match=f"is not installed for {sys.executable}") as refused:
        run_harness(HarnessModel({}, False), "arc_easy", tmp_path / "out", limit=1, seed=0, extra="")
    assert PYTHON_VARIABLE in (refused.value.fix or "")


def test_results_that_are_done_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, "/nowhere/python")
    samples = tmp_path / "model" / "samples_arc_easy_2026-11-28T10-00-00.000001.jsonl"
    samples.parent.mkdir()
    samples.touch()
    (tmp_path / DONE).write_text("{}")
    found = run_harness(HarnessModel({}, False), "arc_easy", tmp_path, limit=None, seed=0, extra="")
    assert found == {"arc_easy": samples}


def test_of_several_runs_the_last_samples_count(tmp_path: Path) -> None:
    for second in (1, 2):
        (tmp_path / f"samples_gsm8k_cot_2026-11-28T10-00-0{second}.5.jsonl").touch()
    (tmp_path / "samples_without_a_date.jsonl").touch()
    assert {task: path.name for task, path in sample_files(tmp_path).items()} == {
        "gsm8k_cot": "samples_gsm8k_cot_2026-11-28T10-00-02.5.jsonl"
    }


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(f"  line {number}" for number in range(9)) + "\n\n")
    assert last_lines(log) == "line 4 / line 5 / line 6 / line 7 / line 8"


def test_a_failure_carries_the_harness_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name which only refuses: what counts is what becomes of its exit code and its output."""
    package = tmp_path / "path" / "lm_eval"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("raise SystemExit('no such task')\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)
    with pytest.raises(StageError, match="no such task") as failed:
        run_harness(HarnessModel({"pretrained": "x"}, False), "none", tmp_path / "out", limit=2, seed=0, extra="--a 1")
    assert "--model_args pretrained=x --log_samples --seed 0 --limit 2 --a 1" in (failed.value.fix or "")
    assert not (tmp_path / "out" / DONE).exists()
