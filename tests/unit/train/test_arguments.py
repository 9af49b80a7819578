"""Values of `training.grpo` are refused before anything starts, in words that name the field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plans import make_experiment
from xdomain.core.errors import ConfigError


def preflight(grpo: dict[str, Any]) -> None:
    from xdomain.train.arguments import preflight as build_all

    training = {"steps": 10, "prompts_per_step": 4, "generations": 2, "grpo": grpo}
    build_all(make_experiment(training=training), "cpu")


@pytest.mark.parametrize(
    ("grpo", "where", "words"),
    [
        ({"top_k": "abc"}, "training.grpo.top_k", "valid integer. Found 'abc'"),
        ({"top_k": "5"}, "training.grpo.top_k", "valid integer. Found '5'"),
        ({"delta": [1]}, "training.grpo.delta", "valid number"),
        ({"foo": 1}, "training.grpo.foo", "no such field"),
        ({"mask_truncated_completion": True}, "training.grpo.mask_truncated_completion", "mask_truncated_completions"),
        ({"top_k": -5}, "training.grpo", "strictly positive integer"),
        ({"repetition_penalty": -1.0}, "training.grpo", "strictly positive float"),
        ({"cache_implementation": "foo"}, "training.grpo", "Invalid `cache_implementation`"),
    ],
)
def test_a_value_that_trl_cannot_use(grpo: dict[str, Any], where: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        preflight(grpo)
    assert refused.value.where == where
    assert words in refused.value.what
    assert "\n" not in refused.value.paragraph()


def test_values_of_every_kind_pass() -> None:
    preflight(
        {
            "top_k": 20,
            "min_p": 0.05,
            "delta": 2,
            "mask_truncated_completions": True,
            "optim_args": "a=1",
        }
    )


def test_of_a_command_only_its_program_is_looked_for() -> None:
    from xdomain.train.arguments import preflight as build_all

    def engine(program: str) -> dict[str, Any]:
        return {"command": [program], "version": "1", "receives": ["grpo"]}

    training = {"steps": 10, "grpo": {"top_k": -5}}  # TRL would refuse it
    build_all(make_experiment(training=training | {"engine": engine("true")}), "cpu")
    with pytest.raises(ConfigError, match="no-such-program"):
        build_all(make_experiment(training=training | {"engine": engine("no-such-program")}), "cpu")
