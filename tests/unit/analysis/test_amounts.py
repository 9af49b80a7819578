"""Sizes and efforts in sentences."""

from __future__ import annotations

from tests.support.grids import make_grid
from xdomain.analysis.amounts import of_sides, steps_apart, steps_by_phase
from xdomain.analysis.analyse import analyse

QUIET = ("Retention: none shown", "Mixture: none shown", "The unadjusted interval")


def test_a_finding_says_that_its_sides_were_trained_for_unequal_steps():
    result = analyse(make_grid(("math", "science"), n_items=200))
    details = {finding.name: finding.details for finding in result.findings}
    changes = [text for name in ("retention", "mixture") for text in details[name] if not text.startswith(QUIET)]
    assert changes
    assert all(text.endswith(("(80 against 40 steps).", "(40 against 80 steps).")) for text in changes)
    orders = [text for text in details["order"] if " beats " in text and " on math by" in text]
    assert orders
    assert all("steps)" not in text for text in orders)
    assert steps_apart(result.effort, ("math", "base")) == ""
    assert of_sides(result.effort, ("math", "base", "science"), "steps") == (40, 40)


def test_steps_of_each_phase_are_known_by_run():
    result = analyse(make_grid(("math", "science"), n_items=20))
    assert steps_by_phase(result)["math -> science"] == (40, 40)
    assert steps_by_phase(result)["math"] == (40,)
    assert "base" not in steps_by_phase(result)
