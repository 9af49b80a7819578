"""The estimate while stages run."""

from __future__ import annotations

from pathlib import Path

from xdomain.api.session import Session, open_experiment
from xdomain.api.time_left import TimeLeft
from xdomain.store.store import Store


def test_nothing_is_left_of_a_finished_grid(smoke: Session) -> None:
    left = TimeLeft(smoke.plan, smoke.store)
    assert (left.finished, left.seconds(())) == (len(smoke.plan.stages), None)


def test_an_open_stage_takes_as_long_as_those_that_are_done(smoke: Session) -> None:
    longer = open_experiment(smoke.experiment, store=smoke.store, settings=["checkpoints.every_steps=30"])
    seconds = TimeLeft(longer.plan, longer.store).seconds(())
    assert seconds is not None
    assert seconds >= 1.0


def test_unknown_without_a_measured_stage(smoke: Session, tmp_path: Path) -> None:
    assert TimeLeft(smoke.plan, Store(tmp_path / "empty")).seconds(()) is None
