"""The trainer's resume files."""

from __future__ import annotations

from pathlib import Path

from xdomain.train.resume_state import last_complete_state, mark_complete, state_folder


def saved(scratch: Path, step: int, *, layout: str | None = "1") -> None:
    folder = state_folder(scratch, step)
    folder.mkdir(parents=True)
    (folder / "state").write_text("x")
    if layout is not None:
        mark_complete(scratch, step, layout)


def test_the_newest_whole_state_is_used_and_torn_ones_go(tmp_path: Path) -> None:
    assert last_complete_state(tmp_path, "1") is None
    saved(tmp_path, 2)
    saved(tmp_path, 10)
    saved(tmp_path, 12, layout=None)
    assert last_complete_state(tmp_path, "1") == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-2"]


def test_states_of_another_number_of_processes_go(tmp_path: Path) -> None:
    saved(tmp_path, 2, layout="2")
    saved(tmp_path, 4, layout="1")
    assert last_complete_state(tmp_path, "2") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]


def test_states_of_processes_that_shared_the_weights_go(tmp_path: Path) -> None:
    saved(tmp_path, 2, layout="2")
    saved(tmp_path, 4, layout="2 fsdp")
    assert last_complete_state(tmp_path, "2") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]


def test_what_nobody_of_ours_saved_goes(tmp_path: Path) -> None:
    saved(tmp_path, 2)
    (tmp_path / "checkpoint-x").mkdir()
    (tmp_path / "checkpoint-x" / "complete").write_text("1")
    (tmp_path / "checkpoint-3").write_text("a file")
    (tmp_path / "checkpoint-4" / "complete").mkdir(parents=True)
    assert last_complete_state(tmp_path, "1") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]
