"""The stage of a merge: what it writes, records and says, and that it stops on request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.plans import make_plan
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext
from xdomain.core.states import NoteKind
from xdomain.derive.merge import run_merge
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.graph import Plan
from xdomain.plan.stage import MergeStage
from xdomain.train.displacement import displacement


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, **values: Any) -> None:
        self.told.append((done, total))

    def event(self, kind: NoteKind, **values: Any) -> None:
        raise AssertionError(kind)


def surroundings(plan: Plan, root: Path, dtype: torch.dtype = torch.float32, **changes: Any) -> StageContext:
    """Folders of the base and of each training stage, whose weights differ from the base's by their number."""
    inputs = {}
    for number, stage in enumerate([plan.base, *plan.train_stages]):
        model, tokenizer = tiny_qwen3()
        with torch.no_grad():
            for weight in model.to(dtype).parameters():
                weight.add_(0.01 * number)
        inputs[stage.key] = root / stage.folder
        save_full(model, tokenizer, checkpoint_folder(inputs[stage.key], stage.end.step), chat_template=False)
    return StageContext(root / "work", root / "scratch", inputs, 7, "cpu", Heard(), **changes)


def merge_of(plan: Plan) -> MergeStage:
    return next(stage for stage in plan.phase_stages if isinstance(stage, MergeStage))


@pytest.fixture
def plan() -> Plan:
    return make_plan(grid={}, curricula=["merge(0.5*logic, puzzle)"])


def test_the_merge_and_its_lengths_are_left(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context, stage = surroundings(plan, tmp_path), merge_of(plan)
    result = run_merge(stage, context)
    end = checkpoint_folder(context.work, 0)
    base = checkpoint_folder(context.inputs[plan.base.key], 0)
    merged, before = load_plain(end).state_dict(), load_plain(base).state_dict()
    for name, value in before.items():
        torch.testing.assert_close(merged[name], value + 0.5 * 0.01 + 0.02, rtol=1e-6, atol=1e-6)
    assert result.finished
    assert result.summary["steps"] == 0
    assert result.summary["displacement"] == pytest.approx(displacement(end, base), rel=1e-5)
    small, large = result.summary["task_vectors"]
    assert large == pytest.approx(2 * small, rel=1e-3)
    assert isinstance(context.reporter, Heard)
    assert context.reporter.told[-1] == (len(before) - 1,) * 2, "the tied output layer is not stored"
    assert "task vectors: logic" in capsys.readouterr().out


def test_a_merge_of_a_run_and_its_parent_is_a_point_of_the_line_between_them(tmp_path: Path) -> None:
    plan = make_plan(grid={}, curricula=["merge(0.7*(logic -> puzzle), 0.3*logic)"])
    context, stage = surroundings(plan, tmp_path), merge_of(plan)
    run_merge(stage, context)
    for number, each in enumerate(plan.train_stages):  # the run's change is not that of its parent
        assert (str(each.run), number) in (("logic", 0), ("logic -> puzzle", 1))
    parent, end = (load_plain(checkpoint_folder(context.inputs[s.key], s.end.step)) for s in plan.train_stages)
    merged = load_plain(checkpoint_folder(context.work, 0)).state_dict()
    for name, value in parent.state_dict().items():
        expected = value.double() + 0.7 * (end.state_dict()[name].double() - value.double())
        torch.testing.assert_close(merged[name].double(), expected, rtol=1e-6, atol=1e-7)


def test_what_rounding_lost_is_in_the_log(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_merge(merge_of(plan), surroundings(plan, tmp_path, torch.bfloat16))
    assert result.summary["lost_share"] > 0
    assert f"rounding to the checkpoint's dtype lost {result.summary['lost_share']:.2%}" in capsys.readouterr().out


def test_a_stage_that_is_asked_to_stop_is_not_finished(plan: Plan, tmp_path: Path) -> None:
    assert not run_merge(merge_of(plan), surroundings(plan, tmp_path, stop_requested=lambda: True)).finished


AUTOMATIC = "merge(0.5*logic, puzzle, scale=auto)"


def test_a_scale_is_tried_and_chosen_on_dev_items(tmp_path: Path) -> None:
    plan = make_plan(
        grid={}, curricula=[AUTOMATIC], evaluation={"items": 8, "temperature": 1.0, "max_completion_tokens": 4}
    )
    context = surroundings(plan, tmp_path)
    context.scratch.mkdir()
    choice = run_merge(merge_of(plan), context).summary["choice"]
    assert [each["value"] for each in choice["tried"]] == [0.3, 0.5, 0.7, 1.0]
    assert all(each["accuracy"].keys() == {"logic", "puzzle"} for each in choice["tried"])
    assert choice["value"] == max(choice["tried"], key=lambda each: each["mean"])["value"], "the first of equal ones"
    base = checkpoint_folder(context.inputs[plan.base.key], 0)
    merged, before = (load_plain(each).state_dict() for each in (checkpoint_folder(context.work, 0), base))
    for name, value in before.items():
        expected = value + choice["value"] * (0.5 * 0.01 + 0.02)
        torch.testing.assert_close(merged[name], expected, rtol=1e-6, atol=1e-6)
    assert list(context.scratch.iterdir()) == []


def test_a_choice_that_is_asked_to_stop_is_not_finished(tmp_path: Path) -> None:
    plan = make_plan(grid={}, curricula=[AUTOMATIC])
    context = surroundings(plan, tmp_path, stop_requested=lambda: True)
    assert not run_merge(merge_of(plan), context).finished
