"""Words of the backend contract that records keep."""

from __future__ import annotations

from xdomain.core.errors import StageError
from xdomain.generation.base import UNANSWERED, Completion, FinishReason, NonFiniteLogits, OutOfMemory


def test_finish_reasons_are_the_words_of_records() -> None:
    assert [reason.value for reason in FinishReason] == ["stop", "length", "prompt_too_long", "refused"]
    assert {Completion("", 0, "refused", None).finish_reason} <= UNANSWERED
    assert FinishReason.LENGTH not in UNANSWERED


def test_failures_of_a_checkpoint_end_its_stage_only() -> None:
    assert issubclass(NonFiniteLogits, StageError)
    assert OutOfMemory("no room.").exit_code == 1
