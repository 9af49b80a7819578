"""The start of a curriculum: the base model, a merge, or a rollback."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.config.curriculum import parse_curriculum
from xdomain.plan.identity import Identities
from xdomain.plan.stage import MergeStage, RollbackStage, SteplessStage
from xdomain.plan.starts import first_stage, start_of

EMPTY = Identities(model={}, items={}, verifiers={}, rewards={})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("merge(logic -> puzzle, logic)", MergeStage),
        ("rollback(logic -> puzzle, to=logic, share=0.1, method=random)", RollbackStage),
    ],
)
def test_a_function_gives_its_end_and_the_queues_of_its_curricula(text: str, kind: type[SteplessStage]) -> None:
    plan = make_plan(grid={}, curricula=[text])
    curriculum = parse_curriculum(text)
    chains = {
        each: [stage for stage in plan.train_stages if stage.curriculum in each.prefixes()] for each in curriculum.inner
    }
    first = first_stage(curriculum, chains, plan.base, plan.experiment, EMPTY, seed=0)
    assert isinstance(first, kind)
    assert first.key == plan.phase_stages[-1].key
    start = start_of(first, chains, plan.base, plan.experiment)
    assert (start.checkpoint, start.run, start.acted) == (first.end, first.run, ())
    assert start.offsets == {"logic": 40, "puzzle": 40}


def test_training_starts_from_the_base_model() -> None:
    plan = make_plan()
    assert first_stage(parse_curriculum("logic"), {}, plan.base, plan.experiment, EMPTY, seed=0) is None
    assert start_of(None, {}, plan.base, plan.experiment).checkpoint == plan.base.end
