"""The result of a session."""

from __future__ import annotations

from xdomain.schedule.events import RunOutcome


def test_a_stage_that_is_made_again_counts_as_neither_run_nor_reused() -> None:
    outcome = RunOutcome(ran=["a", "b"], reused=["c"])
    for key in ("b", "c", "never seen"):
        outcome.withdraw(key)
    assert (outcome.ran, outcome.reused) == (["a"], [])
