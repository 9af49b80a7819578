"""The families of a plan are those that the analysis tests."""

from __future__ import annotations

from tests.support.grids import make_grid
from tests.support.plans import make_plan
from xdomain.analysis.analyse import analyse
from xdomain.analysis.planned import planned_families


def test_families_of_a_plan_are_those_that_the_analysis_tests():
    domains = ["math", "science", "logic"]
    curricula = [*domains, "math -> science", "science -> math", "math -> logic", "math + science", "math + logic"]
    plan = make_plan(domains=domains, grid={"singles": False}, curricula=curricula, model={"preset": "tiny_qwen3"})
    planned = {name: family.cells for name, family in planned_families(plan).items()}
    result = analyse(make_grid(domains, tuple(curricula), (0, 1), n_items=30))
    tested = dict(result.summary.tested)
    tested["transfer"] -= len(domains)  # a domain on itself is a family of its own
    assert planned == {name: tested[name] for name in planned}
    assert set(planned) == {"transfer", "asymmetry", "order_effect", "retention", "plasticity", "mix_gain"}
