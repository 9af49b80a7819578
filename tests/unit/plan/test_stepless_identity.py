"""Identities of merges and rollbacks: what is named, and what is left out at its neutral value."""

from __future__ import annotations

import pytest

from xdomain.config.curriculum import parse_curriculum
from xdomain.config.execution import ExecutionConfig
from xdomain.config.phases import Merge, Rollback
from xdomain.plan.stage import CheckpointRef
from xdomain.plan.stepless_identity import merge_payload, rollback_payload

INPUTS = (CheckpointRef("end", 10), CheckpointRef("earlier", 5))
INPUT_VALUES = [{"stage": "end", "step": 10}, {"stage": "earlier", "step": 5}]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("merge(a, 0.5*b)", {"method": "linear"}),
        ("merge(a, 0.5*b, method=ties)", {"method": "ties", "density": 0.2}),
    ],
)
def test_a_merge_names_its_inputs_weights_and_method(text: str, more: dict[str, object]) -> None:
    (merge,) = parse_curriculum(text).phases
    assert isinstance(merge, Merge)
    common = {"kind": "merge", "version": 1, "base": "base", "inputs": INPUT_VALUES, "weights": [1.0, 0.5]}
    assert merge_payload(merge, "base", INPUTS, {}) == {**common, **more}
    choice = {"values": [0.5, 1.0]}
    assert merge_payload(merge, "base", INPUTS, choice) == {**common, **more, "choice": choice}


def test_a_rollback_names_its_inputs_share_method_and_answers() -> None:
    (rollback,) = parse_curriculum("rollback(a -> b, to=a, share=0.001)").phases
    assert isinstance(rollback, Rollback)
    common = {"kind": "rollback", "version": 1, "base": "base", "inputs": INPUT_VALUES, "share": 0.001}
    one, two = ExecutionConfig(device="cpu"), ExecutionConfig(device="cpu", threads=2)
    attributed = {**common, "method": "attribution", "answers": "key", "points": 3}
    assert rollback_payload(rollback, "base", INPUTS, one, 3, "key", {}) == attributed
    assert rollback_payload(rollback, "base", INPUTS, two, 3, "key", {}) == {**attributed, "threads": 2}
    chosen = rollback_payload(rollback, "base", INPUTS, one, 3, None, {"values": [0, 1]})
    assert chosen == {**common, "method": "attribution", "choice": {"values": [0, 1]}}
