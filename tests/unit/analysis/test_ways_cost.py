"""Costs of the ways to combine domains."""

from __future__ import annotations

from xdomain.analysis.runs import Run
from xdomain.analysis.ways_cost import marginal_cost, sum_of_costs, total_cost
from xdomain.config.run_id import parse_run
from xdomain.plan.measurement import UNRECORDED, Effort, EvaluatedCheckpoint

RUN = parse_run("distill(a, b)")


def ended(*efforts: tuple[Effort, Effort | None]) -> Run:
    ends = {
        seed: EvaluatedCheckpoint(f"x{seed}", RUN, seed, effort=effort, added=added)
        for seed, (effort, added) in enumerate(efforts)
    }
    return Run(RUN, ends=ends)


def test_costs_are_means_over_seeds() -> None:
    run = ended(
        (Effort(30, 60, 600, taught_tokens=10, teacher_passes=2), Effort(10, 20, 100)),
        (Effort(30, 60, 800, taught_tokens=30, teacher_passes=2), Effort(10, 20, 300)),
    )
    total, added = total_cost(run), marginal_cost(run)
    assert (total.steps, total.completion_tokens, total.taught_tokens, total.teacher_passes) == (30, 700, 20, 2)
    assert added is not None
    assert (added.steps, added.completion_tokens) == (10, 200)


def test_what_one_seed_lacks_is_not_recorded() -> None:
    run = ended((Effort(30, 60, 600), Effort(10)), (UNRECORDED, None))
    assert total_cost(run).steps is None
    assert marginal_cost(run) is None


def test_a_sum_is_unknown_if_a_part_is() -> None:
    costs = [total_cost(ended((Effort(steps, None, 5), None))) for steps in (1, 2)]
    found = sum_of_costs(costs)
    assert (found.steps, found.prompts, found.completion_tokens) == (3, None, 10)
