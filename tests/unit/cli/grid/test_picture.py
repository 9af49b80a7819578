"""Bars and values of running stages."""

from __future__ import annotations

from rich.console import Console

from tests.support.plans import make_plan
from xdomain.api.session import Session
from xdomain.cli.grid.picture import RunPicture, progress_row, progress_text

STAGE = make_plan().train_stages[0]
PROGRESS = {"done": 4, "total": 10, "seconds_per_unit": 0.5, "rewards": {"logic": 0.25, "puzzle": None}}


def test_a_training_stage_shows_steps_speed_time_left_and_rewards() -> None:
    assert progress_text(STAGE, PROGRESS) == "4/10  0.5 s/step  3 s left  logic +0.25"
    assert progress_text(STAGE, {}) == "0/10"


def test_fast_items_are_counted_per_second() -> None:
    evaluation = make_plan().evaluations[0]
    assert progress_text(evaluation, PROGRESS | {"seconds_per_unit": 0.02, "rewards": {}}).startswith(
        "4/10  50 items/s"
    )
    assert str(progress_row(STAGE, None)[0]) == STAGE.title


def test_a_finished_grid_has_one_full_bar(smoke: Session) -> None:
    console = Console(width=100, record=True)
    console.print(RunPicture(smoke.plan, smoke.store).draw([], 61.0))
    total = len(smoke.plan.stages)
    assert f"{total}/{total} stages, 61 s" in console.export_text()
