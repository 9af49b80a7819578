"""What a choice on dev items needs, and how it counts in a key."""

from __future__ import annotations

from tests.support.plans import make_experiment
from xdomain.plan.dev_choice import RULE, choice_identity, dev_evaluations
from xdomain.plan.identity import Identities
from xdomain.plan.stage import CheckpointRef

IDENTITIES = Identities(
    model={}, items={"logic": {"data": 1}}, verifiers={"logic": {"scorer": "x/1"}}, rewards={"logic": {}}
)


def test_candidates_are_evaluated_on_dev_items_with_the_settings_of_the_report() -> None:
    experiment = make_experiment(evaluation={"items": 7, "samples": 3, "temperature": 0.5})
    (found,) = dev_evaluations(CheckpointRef("key", 4), "end", ["logic"], experiment, IDENTITIES)
    assert (found.split, found.domain, found.checkpoint) == ("dev", "logic", CheckpointRef("key", 4))
    assert (found.settings.items, found.settings.samples, found.settings.temperature) == (7, 3, 0.5)
    assert choice_identity([0, 1], [found]) == {"values": [0, 1], "rule": RULE, "dev": {"logic": found.key}}
