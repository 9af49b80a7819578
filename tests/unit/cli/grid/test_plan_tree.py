"""The tree of stages: a mark for each seed."""

from __future__ import annotations

from rich.console import Console

from tests.support.plans import make_plan
from xdomain.cli.grid.plan_tree import stage_tree


def drawn(seeds: list[int], done_seeds: tuple[int, ...]) -> list[str]:
    plan = make_plan(seeds=seeds)
    done = {plan.base.key, *(stage.key for stage in plan.train_stages if stage.seed in done_seeds)}
    console = Console(width=200)
    with console.capture() as capture:
        console.print(stage_tree(plan, done))
    return capture.get().splitlines()


def test_a_missing_seed_is_seen() -> None:
    lines = drawn([0, 1], (0,))
    assert lines[0].startswith("● base tiny_qwen3 (one mark per seed: 0, 1)")
    assert all("●○ " in line for line in lines[1:])
    assert sum("logic -> puzzle" in line for line in lines) == 1


def test_one_seed_has_one_mark() -> None:
    assert all("○ " in line and "●" not in line for line in drawn([0], ())[1:])


def test_a_merge_is_below_the_base_and_its_later_phases_below_it() -> None:
    plan = make_plan(grid={}, curricula=["merge(logic, puzzle) -> logic@4"])
    console = Console(width=200)
    with console.capture() as capture:
        console.print(stage_tree(plan, ()))
    lines = capture.get().splitlines()
    assert [line.lstrip("├─└│ ○") for line in lines[1:]] == [
        "logic 10 steps",
        "puzzle 10 steps",
        "merge(logic, puzzle) no steps",
        "merge(logic, puzzle) -> logic@4 4 steps",
    ]
    assert lines[4].startswith("    └── ")
