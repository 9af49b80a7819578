"""Which curricula a grid holds, and the steps of their phases."""

from __future__ import annotations

import pytest

from tests.support.plans import make_experiment
from xdomain.config.curriculum import parse_curriculum
from xdomain.plan.expand import expand_curricula, phase_steps

FOUR = ["logic", "math", "puzzle", "science"]
FAMILIES = ("singles", "ordered_pairs", "mixed_pairs", "ordered_triples", "all_mixed", "controls")
ALL_FAMILIES = dict.fromkeys(FAMILIES, True)


def test_every_family_once() -> None:
    curricula = [str(each) for each in expand_curricula(make_experiment(domains=FOUR, grid=ALL_FAMILIES))]
    assert len(curricula) == len(set(curricula)) == 4 + 4 + 12 + 6 + 24 + 1


def test_merges_of_the_singles() -> None:
    grid = {"merged_pairs": True, "all_merged": True}
    experiment = make_experiment(domains=["math", "science", "logic"], grid=grid)
    assert [str(each) for each in expand_curricula(experiment)] == [
        "merge(math, science)", "merge(logic, math)", "merge(logic, science)", "merge(logic, math, science)",
    ]  # fmt: skip
    assert len(expand_curricula(make_experiment(grid=grid))) == 1  # of two domains, all are a pair
    assert expand_curricula(make_experiment(domains=["logic"], grid=grid)) == ()


def test_order_of_the_families() -> None:
    experiment = make_experiment(curricula=["logic -> puzzle", "puzzle -> logic -> puzzle"])
    assert [str(each) for each in expand_curricula(experiment)] == [
        "logic",
        "puzzle",
        "logic -> puzzle",
        "puzzle -> logic",
        "logic + puzzle",
        "puzzle -> logic -> puzzle",
    ]


def test_refreshers_come_back_for_their_own_steps() -> None:
    experiment = make_experiment(grid={"refresh": 3})
    assert [str(each) for each in expand_curricula(experiment)] == [
        "logic -> puzzle -> logic@3",
        "puzzle -> logic -> puzzle@3",
    ]
    assert [phase_steps(each, experiment) for each in expand_curricula(experiment)] == [(10, 10, 3)] * 2


@pytest.mark.parametrize(
    ("budget", "curriculum", "steps"),
    [
        ("per_phase", "logic -> logic + puzzle", (10, 10)),
        ("per_domain", "logic -> logic + puzzle", (10, 20)),
        ("per_domain", "logic@4 -> logic + puzzle", (4, 20)),
        ("total", "logic -> puzzle -> logic", (4, 4, 2)),
        ("total", "merge(logic, puzzle) -> puzzle -> logic", (0, 6, 4)),
        ("total", "merge(logic, puzzle)", (0,)),
        ("per_phase", "merge(logic, puzzle) -> logic@4", (0, 4)),
    ],
)
def test_budgets(budget: str, curriculum: str, steps: tuple[int, ...]) -> None:
    training = {"steps": 10, "budget": budget, "prompts_per_step": 4, "generations": 2, "updates_per_rollout": 2}
    assert phase_steps(parse_curriculum(curriculum), make_experiment(training=training)) == steps
