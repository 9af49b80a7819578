"""TensorBoard, a real tracker, follows a stage; it fails early or late, and the stage does not notice."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fault_injection import ONE_STAGE, here
from tests.support.small_grid import weights, write_experiment

pytestmark = pytest.mark.slow

TRACKED = ONE_STAGE.replace("steps: 4,", "steps: 4, report_to: [tensorboard],")


@pytest.fixture(scope="module")
def untracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untracked")
    here("grid", "run", write_experiment(folder, ONE_STAGE), "--store", folder / "store")
    return folder / "store"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def run_tracked(tmp_path: Path, untracked: Path) -> str:
    """A finished copy's training stage again, this time with the tracker; the stage's log."""
    store = Path(shutil.copytree(untracked, tmp_path / "store"))
    (trained,) = (store / "stages").glob("train-*")
    shutil.rmtree(trained)
    here("grid", "run", write_experiment(tmp_path, TRACKED), "--store", store)
    assert weights(store) == weights(untracked)
    return (store / "logs" / f"{trained.name}.log").read_text()


def test_project_group_and_name(tmp_path: Path, untracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "board"))
    run_tracked(tmp_path, untracked)
    (stage,) = (tmp_path / "board" / "small" / "logic + puzzle").iterdir()
    assert stage.name.startswith("train-logic-puzzle-seed-0-")
    events = EventAccumulator(str(stage))
    events.Reload()
    assert [event.step for event in events.Scalars("train/reward")] == [1, 2, 3, 4]


def test_by_default_the_files_lie_in_the_artifact(
    tmp_path: Path, untracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)
    run_tracked(tmp_path, untracked)
    assert list((tmp_path / "store" / "stages").glob("train-*/tensorboard/events*"))


def test_one_that_cannot_begin(tmp_path: Path, untracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "file"))
    log = run_tracked(tmp_path, untracked)
    assert '"event": "tracker", "name": "tensorboard", "error": "NotADirectoryError' in log


def test_one_whose_disk_fills_up(
    tmp_path: Path, untracked: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(small_disk))
    (small_disk / "filler").write_bytes(b"x" * 61_440)
    log = run_tracked(tmp_path, untracked)
    assert "No space left" in log
    assert log.count('"event": "tracker"') == 1


def test_unknown_and_missing_ones_are_said_before_work_starts(tmp_path: Path) -> None:
    for name, code, message in (("tensorbord", 2, "is not supported"), ("wandb", 3, "pip install wandb")):
        text = TRACKED.replace("[tensorboard]", f"[{name}]")
        said = here("grid", "run", write_experiment(tmp_path, text), "--store", tmp_path / name, code=code).stderr
        assert said.count(message) == 1
        assert not list((tmp_path / name / "stages").iterdir())
