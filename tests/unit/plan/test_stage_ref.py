"""Names of stages and checkpoints."""

from __future__ import annotations

from tests.support.plans import make_plan
from xdomain.plan.stage_ref import CheckpointRef, StageKind, StageRef

FOUR = ["logic", "math", "puzzle", "science"]
FAMILIES = ("singles", "ordered_pairs", "mixed_pairs", "ordered_triples", "all_mixed", "controls")


def test_folder_names_stay_inside_the_store() -> None:
    curricula = ["merge(0.7*(logic -> math), merge(puzzle, science, method=ties, density=0.5)) -> logic"]
    for stage in make_plan(domains=FOUR, grid=dict.fromkeys(FAMILIES, True), curricula=curricula).stages.values():
        assert "/" not in stage.folder
        assert ".." not in stage.folder
        assert len(stage.folder) < 128


def test_a_stage_is_filed_under_its_title_or_an_earlier_one() -> None:
    key = "ab" * 32
    stage = StageRef(kind=StageKind.MERGE, key=key, title="merge(0.5*(a -> b), c), seed 0")
    assert stage.folder == f"merge-merge-0-5-a-to-b-c-seed-0-{key[:16]}"
    filed = StageRef(kind=StageKind.TRAIN, key=key, title="new", filed_as="a -> b, seed 0")
    assert filed.folder == f"train-a-to-b-seed-0-{key[:16]}"
    assert CheckpointRef("k", 40).name == "k@40"
