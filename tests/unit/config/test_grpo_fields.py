"""Fields of GRPOConfig under `training.grpo`; tests/contract compares the tables with the installed TRL."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from xdomain.config.grpo_fields import NO_SHARE, PASSED, REPEATED, SET_BY_STAGE, WITHOUT_EFFECT
from xdomain.config.training import TrainingConfig


def test_a_field_has_one_table() -> None:
    tables = [*REPEATED, *SET_BY_STAGE, *WITHOUT_EFFECT, *NO_SHARE, *PASSED]
    assert len(tables) == len(set(tables))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("num_generations", "training.generations"),
        ("seed", "seeds"),
        ("output_dir", "a stage sets these itself"),
        ("eval_steps", "see `evaluation`"),
        ("entropy_coef", "entropy bonus"),
    ],
)
def test_a_refused_field_is_told_what_to_set_instead(field: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TrainingConfig(grpo={field: 1})


def test_a_field_that_acts_passes() -> None:
    assert TrainingConfig(grpo={"adam_beta1": 0.8, "top_k": 20}).grpo == {"adam_beta1": 0.8, "top_k": 20}
