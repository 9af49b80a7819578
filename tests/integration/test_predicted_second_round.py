"""From a real grid of pairs to the second round that it predicts, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.small_grid import TEXT, plan, write_experiment, xdomain
from xdomain.config.load import load_experiment

DEV = ("--set", "evaluation.split=dev")


@pytest.mark.slow
def test_pairs_on_dev_items_become_a_second_round_that_shares_their_stages(tmp_path: Path) -> None:
    text = TEXT.replace("mixed_pairs: true", "mixed_pairs: false").replace("steps: 4", "steps: 2")
    path, store = write_experiment(tmp_path, text), tmp_path / "store"
    refused = xdomain("grid", "order", path, "--store", store, code=2)
    assert "must not be chosen on the test items" in refused.stderr
    xdomain("grid", "run", path, "--store", store, *DEV)
    told = json.loads(xdomain("grid", "order", path, "--store", store, *DEV, "--json").stdout)
    second = Path(told["file"])
    assert second == tmp_path / "small-ordered.yaml"
    found = load_experiment(second)
    assert [str(each) for each in found.curricula] == [" -> ".join(told["order"]), " -> ".join(told["order"][::-1])]
    assert (found.evaluation.split, found.training.budget, found.name) == ("test", "per_domain", "small-ordered")
    planned = plan(second, store)
    trained = {stage["title"]: stage["done"] for stage in planned["stages"] if stage["kind"] == "train"}
    assert trained == {  # two domains: the pairs are the sequences, only the mixture is new
        "logic, seed 0": True,
        "logic -> puzzle, seed 0": True,
        "puzzle, seed 0": True,
        "puzzle -> logic, seed 0": True,
        "logic + puzzle, seed 0": False,
    }
    again = xdomain("grid", "order", path, "--store", store, *DEV, code=2)
    assert "the file exists already" in again.stderr
    elsewhere = xdomain("grid", "order", path, "--store", store, *DEV, "--out", tmp_path / "x" / "y.yaml", code=2)
    assert "should be in the folder of the first" in elsewhere.stderr
