"""A choice on dev items: the best candidate stays, and ties go to the first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.interference import InterferingPair
from xdomain.derive.dev_choice import choose_on_dev
from xdomain.models.checkpoint import load_plain
from xdomain.plan.dev_choice import RULE


@pytest.mark.parametrize(("values", "chosen"), [((1.0, 2.0), 2.0), ((2.0, 1.0, 3.0), 2.0)])
def test_the_first_best_candidate_is_kept(pair: InterferingPair, values: tuple[float, ...], chosen: float) -> None:
    stage = pair.plan("auto, method=random")
    context = pair.context(stage, f"choice-{len(values)}")
    folders = {1.0: pair.math, 2.0: pair.science, 3.0: pair.science}

    def write(value: float, folder: Path) -> bool:
        shutil.copytree(folders[value], folder)
        return True

    science = [each for each in stage.dev if each.domain == "science"]
    found = choose_on_dev(values, write, science, context.work / "chosen", context, None)
    assert found is not None
    assert found.value == chosen
    summary = found.summary()["choice"]
    assert summary["rule"] == RULE
    assert [each["value"] for each in summary["tried"]] == list(values)
    accuracy = {each["value"]: each["mean"] for each in summary["tried"]}
    assert accuracy[2.0] > accuracy[1.0] + 0.05
    kept, expected = (load_plain(each).state_dict() for each in (context.work / "chosen", folders[chosen]))
    assert all(bool((value == expected[name]).all()) for name, value in kept.items())
