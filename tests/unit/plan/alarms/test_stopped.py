"""A stopped stage has its own key and title, and ends before the damage."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.core.stage import StoppedByAlarm
from xdomain.plan.alarms.stopped import kept_steps, stopped_stage


def test_key_title_and_end_say_that_it_was_stopped() -> None:
    stage = make_plan(checkpoints={"every_steps": 2}).train_stages[0]
    stopped = stopped_stage(stage, StoppedByAlarm(8, 5, "puzzle fell"))
    assert stopped.title == f"{stage.title}, stopped by an alarm at step 8, up to step 5"
    assert stopped.key != stage.key
    assert stopped.steps == 5
    assert stopped.checkpoint_steps == (2, 4, 5)
    assert stopped_stage(stage, StoppedByAlarm(8, 4, "puzzle fell")).key != stopped.key


def test_no_step_after_the_damage_is_kept() -> None:
    assert kept_steps((2, 4, 6), 4) == (2, 4)
    assert kept_steps((6,), 0) == (0,)
