"""A small grid end to end: run, run again, kill, resume, fail, report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.support.small_grid import (
    STAGES,
    TEXT,
    all_records,
    checked_events,
    command,
    environment,
    plan,
    run_events,
    weights,
    write_experiment,
    xdomain,
)
from xdomain.core.seeds import derive_seed

MATRICES = (
    "accuracy",
    "transfer",
    "asymmetry",
    "order_effect",
    "order_sensitivity",
    "retention",
    "plasticity",
    "mix_gain",
)
OVERLAPPING = """domains:
  - logic
  - name: puzzle
    source: {kind: jsonl, train: rows.jsonl, test: rows.jsonl}
    fields: {question: q, gold: a}
    verifier: text
"""
"""A domain whose test file is its train file."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Experiment file and store of an undisturbed run."""
    folder = tmp_path_factory.mktemp("grid")
    experiment, store = write_experiment(folder), folder / "store"
    xdomain("grid", "run", experiment, "--store", store)
    return experiment, store


def test_everything_is_published(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    found = plan(experiment, store)
    assert found["counts"] == {"done": STAGES, "stages": STAGES}
    records = all_records(store)
    assert len(records) == 2 * 11 * 24 * 2
    assert not records.duplicated(["checkpoint", "domain", "item_id", "sample"]).any()
    assert set(records["outcome"]) <= {"right", "wrong", "malformed"}
    assert not list((store / "work").iterdir())
    assert not list((store / "leases").glob("*.json"))
    needed = json.loads((store / "experiments" / "small.json").read_text())
    titles = {key: {name: noted[name] for name in ("kind", "title")} for key, noted in needed.items()}
    assert titles == {stage["key"]: {name: stage[name] for name in ("kind", "title")} for stage in found["stages"]}
    answered = {noted["evaluated"] for noted in needed.values() if noted["kind"] == "evaluate"}
    assert answered == set(records["checkpoint"])


def test_same_items_in_the_same_order_for_every_checkpoint(finished: tuple[Path, Path]) -> None:
    _, store = finished
    orders = {
        (frame["domain"][0], tuple(frame["item_id"]), tuple(frame["prompt_hash"]))
        for frame in map(pd.read_parquet, (store / "stages").glob("evaluate-*/records.parquet"))
    }
    assert len(orders) == 2


def test_metrics_tell_every_domain_apart(finished: tuple[Path, Path]) -> None:
    _, store = finished
    (path,) = (store / "stages").glob("train-logic-puzzle-*/metrics.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    for line in lines:
        assert {name: values["prompts"] for name, values in line["domains"].items()} == {"logic": 2, "puzzle": 2}
    schedule = [json.loads(line) for line in (path.parent / "schedule.jsonl").read_text().splitlines()]
    assert len(schedule) == 16


def test_again_runs_nothing(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    outcome = run_events(experiment, "--store", store)[-1]
    assert outcome["ran"] == []
    assert len(outcome["reused"]) == STAGES


def test_every_stage_records_where_it_came_from(finished: tuple[Path, Path], repository: Path) -> None:
    experiment, store = finished
    for folder in (store / "stages").iterdir():
        record = json.loads((folder / "done.json").read_text())["provenance"]
        assert record["command"][-5:] == ["grid", "run", str(experiment), "--store", str(store)]
        assert record["packages"].keys() >= {"xdomain", "torch", "transformers", "trl", "numpy"}
        assert record["memory_bytes"] > 0
        assert record["cpus"] == os.cpu_count()
        assert record.keys() >= {"host", "cpu", "gpus", "platform", "python", "cuda_visible_devices", "git"}
        assert (record["executor"], record["device"], record["threads"]) == ("local", "cpu", 1)
        key = json.loads((folder / "stage.json").read_text())["key"]
        assert record["seeds"]["stage"] == derive_seed("stage", key)
        assert record["seeds"]["named"] == 0
        if (repository / ".git").exists():
            assert len(record["git"]["commit"]) == 40


def test_published_artifacts_hold_no_pickles(finished: tuple[Path, Path]) -> None:
    _, store = finished
    suffixes = {path.suffix for path in (store / "stages").rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".jsonl", ".safetensors", ".parquet", ".jinja", ".txt"}


def test_status_and_logs(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    status = json.loads(xdomain("grid", "status", experiment, "--store", store, "--json").stdout)
    assert status["counts"] == {"done": STAGES, "running": 0, "failed": 0, "waiting": 0}
    xdomain("grid", "logs", experiment, "logic, seed 0", "--store", store)


def test_report_in_every_format(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    document = json.loads(xdomain("report", experiment, "--store", store, "--format", "json").stdout)
    for name in MATRICES:
        cells = [cell for row in document["matrices"][name]["cells"].values() for cell in row.values()]
        assert cells
        assert all({"estimate", "low", "high", "n_items", "n_seeds"} <= cell.keys() for cell in cells)
    xdomain("report", experiment, "--store", store)
    folder = store / "reports" / "small"
    assert {path.name for path in folder.iterdir()} >= {"report.html", "report.md", "report.csv", "report.json"}


def test_gate_exit_code_follows_the_interval(finished: tuple[Path, Path]) -> None:
    experiment, store = finished
    xdomain("report", experiment, "--store", store, "--fail-if", "transfer(logic) on logic > -1.5", code=4)
    xdomain("report", experiment, "--store", store, "--fail-if", "transfer(logic) on logic > 1.5", code=0)


def test_kill_the_whole_group_and_go_on(finished: tuple[Path, Path], tmp_path: Path) -> None:
    experiment, undisturbed = finished
    store = tmp_path / "store"
    process = subprocess.Popen(
        command("grid", "run", experiment, "--store", store),
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any((store / "work").glob("train-*/checkpoints/step-000002")), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    outcome = run_events(experiment, "--store", store)[-1]
    assert outcome["failed"] == {}
    assert weights(store) == weights(undisturbed)
    pd.testing.assert_frame_equal(all_records(store), all_records(undisturbed))


def test_workers_end_with_a_killed_scheduler(tmp_path: Path) -> None:
    experiment, store = write_experiment(tmp_path), tmp_path / "store"
    process = subprocess.Popen(
        command("grid", "run", experiment, "--store", store),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any((store / "work").glob("base-*")), process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [each.cmdline() for each in alive] == []


def test_interrupt_saves_and_says_so(tmp_path: Path) -> None:
    experiment, store = write_experiment(tmp_path, TEXT.replace("steps: 4", "steps: 4000")), tmp_path / "store"
    process = subprocess.Popen(
        command("grid", "run", experiment, "--store", store, "-j", "1"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any((store / "work").glob("train-*/metrics.jsonl")), process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Repeat the command to continue." in stderr
    assert list((store / "scratch").glob("train-*/checkpoint-*")), "the stopped stage saved no state to resume from"
    assert not list((store / "leases").glob("*.json"))


def test_a_failed_stage_blocks_only_its_descendants(finished: tuple[Path, Path], tmp_path: Path) -> None:
    experiment, _ = finished
    store = tmp_path / "store"
    broken = next(stage for stage in plan(experiment, store)["stages"] if stage["title"] == "logic, seed 0")
    # A file where the work folder should be: the stage cannot start, whatever it does.
    (store / "work").mkdir(parents=True)
    (store / "store.json").write_text('{"schema": 2}')
    (store / "work" / broken["folder"]).write_text("in the way")
    ended = xdomain("grid", "run", experiment, "--store", store, "--json", code=1)
    outcome = checked_events(ended.stdout)[-1]
    assert list(outcome["failed"]) == [broken["key"]]
    assert outcome["failed"][broken["key"]]["log"] in ended.stderr
    titles = {stage["key"]: stage["title"] for stage in plan(experiment, store)["stages"]}
    assert all(titles[key].startswith("logic") for key in outcome["blocked"])
    assert len(outcome["ran"]) + len(outcome["blocked"]) + 1 == STAGES
    (store / "work" / broken["folder"]).unlink()
    xdomain("grid", "run", experiment, "--store", store)


def test_a_damaged_parent_is_refused_by_name(finished: tuple[Path, Path], tmp_path: Path) -> None:
    experiment, undisturbed = finished
    store = tmp_path / "store"
    subprocess.run(["cp", "-r", str(undisturbed), str(store)], check=True)
    (base,) = (store / "stages").glob("base-*")
    weights_file = next(base.rglob("*.safetensors"))
    data = bytearray(weights_file.read_bytes())
    data[-1] ^= 1
    weights_file.write_bytes(data)
    text = experiment.read_text().replace("max_completion_tokens: 8", "max_completion_tokens: 7")
    ended = xdomain("grid", "run", write_experiment(tmp_path, text), "--store", store, code=1)
    assert "is damaged" in ended.stderr


@pytest.mark.parametrize(
    ("change", "words", "code"),
    [
        (("domains: [logic, puzzle]", "domains: [logic, puzzel]"), 'Did you mean "puzzle"?', 2),
        (("preset: tiny_qwen3, ", "path: /nowhere, "), "is not a model folder", 2),
        (("preset: tiny_qwen3, ", "hub: nobody/nothing, "), "must be reachable or in the local cache", 2),
        (("learning_rate: 1.0e-3", "grpo: {no_such_field: 1}"), "TRL's GRPOConfig has no such field", 2),
        (("name: small", "name: ../small"), "names a folder", 2),
        (("domains: [logic, puzzle]\n", OVERLAPPING), "are in the train split", 2),
    ],
)
def test_bad_input_is_said_before_work_starts(tmp_path: Path, change: tuple[str, str], words: str, code: int) -> None:
    assert change[0] in TEXT
    experiment = write_experiment(tmp_path, TEXT.replace(*change))
    rows = [{"q": f"{number}?", "a": str(number)} for number in range(40)]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store", code=code)
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list((tmp_path / "store").glob("stages/*"))


def wait_until(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the run ended before it could be disturbed"
        assert time.monotonic() < end, "the run did not get far enough in time"
        time.sleep(0.02)


def test_eval_compares_a_checkpoint_with_the_base(finished: tuple[Path, Path], tmp_path: Path) -> None:
    _, undisturbed = finished
    store = tmp_path / "store"
    subprocess.run(["cp", "-r", str(undisturbed), str(store)], check=True)
    arguments = [
        "--domains",
        "logic,math",
        "--items",
        "10",
        "--samples",
        "2",
        "--temperature",
        "1",
        "--max-tokens",
        "6",
    ]
    ended = xdomain("eval", "logic, seed 0@2", "--base", "base*", *arguments, "--store", store, "--json")
    result = json.loads(ended.stdout)
    assert set(result["matrices"]["accuracy"]["cells"]) == {"base", "logic, seed 0@2"}
    change = result["matrices"]["change"]["cells"]["logic, seed 0@2"]
    assert {name: cell["n_items"] for name, cell in change.items()} == {"logic": 10, "math": 10}
    assert list(result["matrices"]["odds_ratio"]["cells"]["logic, seed 0@2"]) == ["all domains"], (
        "nobody said what it was trained on"
    )
    again = xdomain("eval", "logic, seed 0@2", *arguments, "--store", store, "--json")
    assert "0 stages run" in again.stderr
    failed = xdomain("eval", "no such thing", *arguments, "--store", store, code=2)
    assert "is not a stage of the store" in failed.stderr
    failed = xdomain("eval", "logic, seed 0@3", *arguments, "--store", store, code=2)
    assert '"logic, seed 0" has no checkpoint at step 3. Use one of these steps: 2, 4.' in failed.stderr


@pytest.mark.slow
def test_eval_of_a_model_folder_equals_that_of_its_stage(finished: tuple[Path, Path], tmp_path: Path) -> None:
    _, undisturbed = finished
    (base,) = (undisturbed / "stages").glob("base-*")
    arguments = ["--domains", "logic", "--items", "10", "--samples", "2", "--temperature", "1", "--max-tokens", "6"]
    by_stage = json.loads(xdomain("eval", "base*", *arguments, "--store", undisturbed, "--json").stdout)
    folder = base / "checkpoints" / "step-000000"
    by_folder = json.loads(xdomain("eval", folder, *arguments, "--store", tmp_path / "store", "--json").stdout)
    (stage,) = by_stage["matrices"]["accuracy"]["cells"].values()
    (model,) = by_folder["matrices"]["accuracy"]["cells"].values()
    assert stage["logic"]["estimate"] == model["logic"]["estimate"]
