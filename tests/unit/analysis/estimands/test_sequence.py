"""Metrics of continual learning."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.cells import close

DOMAINS = ("math", "science", "logic")


def test_sequence_metrics(result, level):
    run, first, second = "math -> science -> logic", "math", "math -> science"
    row = result.matrices["sequence"].cells[run]
    assert close(row["ACC"], np.mean([level(run, d) for d in DOMAINS]))
    backward = [level(run, "math") - level(first, "math"), level(run, "science") - level(second, "science")]
    assert close(row["BWT"], np.mean(backward))
    forward = [level(first, "science") - level("base", "science"), level(second, "logic") - level("base", "logic")]
    assert close(row["FWT"], np.mean(forward))
    best = [max(level(first, d), level(second, d)) - level(run, d) for d in ("math", "science")]
    assert row["forgetting"].estimate == pytest.approx(np.mean(best), abs=1e-12)
    assert row["worst domain"].estimate == pytest.approx(min(level(run, d) for d in DOMAINS), abs=1e-12)
    relative = [level(run, d) / level("base", d) - 1 for d in DOMAINS]
    assert close(row["relative change"], np.mean(relative))
    assert set(result.matrices["sequence"].cells["math"]) == {"ACC", "worst domain", "relative change"}


def test_forgetting_of_a_pair_is_minus_retention(result):
    forgetting = result.matrices["sequence"].cell("science -> math", "forgetting")
    retention = result.matrices["retention"].cell("science -> math", "science")
    assert forgetting.estimate == pytest.approx(-retention.estimate)
    assert forgetting.estimate > 0
    assert forgetting.word == "loss"
