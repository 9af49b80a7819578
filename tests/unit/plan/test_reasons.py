"""Differences of identities in the words of the experiment file."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.plan.reasons import Reason, follows, reasons

TRAIN: dict[str, Any] = {
    "kind": "train", "version": 2, "parent": "a", "checkpoint_every": 40, "training": {"learning_rate": 1e-4},
    "items": {"math": {"source": {"digest": "x"}, "template": "{{ question }}\nThink."}},
    "verifiers": {"math": {"scorer": "number/2"}}, "rewards": {"math": {}},
}  # fmt: skip
EVALUATE: dict[str, Any] = {
    "kind": "evaluate", "version": 2, "checkpoint": {"stage": "a", "step": 40}, "seed": 0,
    "items": {"domain": "math", "count": 300, "split": "test", "identity": {"source": {"digest": "x"}}},
    "sampling": {"samples": 4}, "verifier": {"scorer": "number/2"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "change", "words"),
    [
        (TRAIN, {"version": 3}, "the version of train stages in xdomain: 2 -> 3"),
        (TRAIN, {"checkpoint_every": 20}, "checkpoints.every_steps: 40 -> 20"),
        (TRAIN, {"training": {"learning_rate": 2e-4}}, "training.learning_rate: 0.0001 -> 0.0002"),
        (TRAIN, {"lora": {"r": 8}}, "model.lora: (default) -> {'r': 8}"),
        (TRAIN, {"engine": {"version": "2"}}, "training.engine: (default) -> {'version': '2'}"),
        (TRAIN, {"verifiers": {"math": {"scorer": "number/3"}}},
         'the verifier of math (scorer): "number/2" -> "number/3"'),
        (TRAIN, {"rewards": {"math": {"shape": "graded"}}}, 'the reward of math (shape): (default) -> "graded"'),
        (TRAIN, {"items": {"math": {"source": {"digest": "y"}, "template": "{{ question }}\nThink."}}},
         'the data of math (digest): "x" -> "y"'),
        (TRAIN, {"items": {"math": {"source": {"digest": "x"}, "template": "{{ question }}\nThink first."}}},
         'the template of math: "Think." -> "Think first."'),
        (EVALUATE, {"items": EVALUATE["items"] | {"count": 500}}, "evaluation.items: 300 -> 500"),
        (EVALUATE, {"items": EVALUATE["items"] | {"identity": {"source": {"digest": "x"}, "template": "a"}}},
         'the template of math: (default) -> "a"'),
        (EVALUATE, {"sampling": {"samples": 8}}, "evaluation.samples: 4 -> 8"),
        (EVALUATE, {"verifier": {"scorer": "number/3"}}, 'the verifier of math (scorer): "number/2" -> "number/3"'),
        (EVALUATE, {"checkpoint": {"stage": "a", "step": 60}}, "the evaluated step: 40 -> 60"),
    ],
)  # fmt: skip
def test_a_changed_field_is_named_as_the_file_names_it(
    stored: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    assert [str(each) for each in reasons(stored, stored | change)] == [words]


def test_what_follows_from_another_stage_is_no_reason() -> None:
    assert reasons(TRAIN, TRAIN | {"parent": "b"}) == ()
    assert reasons(EVALUATE, EVALUATE | {"checkpoint": {"stage": "b", "step": 40}}) == ()
    assert follows("self_paced.math")
    assert follows("teachers.math.stage")
    assert not follows("training.steps")


def test_long_values_are_cut() -> None:
    (found,) = reasons(TRAIN, TRAIN | {"checkpoint_every": "x" * 200})
    assert found == Reason("checkpoints.every_steps", "40", f'"{"x" * 56}...')
