"""The stage under which a stage that an alarm stopped is published."""

from __future__ import annotations

from dataclasses import replace

from xdomain.core.fingerprint import fingerprint
from xdomain.core.stage import StoppedByAlarm
from xdomain.plan.stage import TrainStage


def stopped_stage(stage: TrainStage, alarm: StoppedByAlarm) -> TrainStage:
    """Return the stage with a key and a title of a stopped one, which ends at the last checkpoint before the damage."""
    payload = {**stage.payload, "stopped": {"step": alarm.step, "good_step": alarm.good_step}}
    return replace(
        stage,
        key=fingerprint(payload),
        title=f"{stage.title}, stopped by an alarm at step {alarm.step}, up to step {alarm.good_step}",
        payload=payload,
        steps=alarm.good_step,
        checkpoint_steps=kept_steps(stage.checkpoint_steps, alarm.good_step),
    )


def kept_steps(steps: tuple[int, ...], good_step: int) -> tuple[int, ...]:
    """Return the steps whose checkpoints a stopped stage keeps."""
    return (*(step for step in steps if step < good_step), good_step)
