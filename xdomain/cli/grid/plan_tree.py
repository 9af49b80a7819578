"""Draw the tree of shared stages that `grid plan` shows."""

from collections.abc import Collection

from rich.markup import escape
from rich.tree import Tree

from xdomain.config.run_id import JOINT
from xdomain.plan.graph import Plan
from xdomain.plan.stage import MergeStage, PhaseStage

DONE, OPEN = "[green]●[/]", "○"


def stage_tree(plan: Plan, done: Collection[str]) -> Tree:
    """Return a tree in which each stage is below the one that it continues or repairs, and merges below the base model.

    A line has one mark per seed, in order.
    """
    seeds = plan.experiment.seeds
    heading = f" [dim](one mark per seed: {', '.join(map(str, seeds))})[/]" if len(seeds) > 1 else ""
    root = Tree(f"{_mark(plan.base.key, done)} {escape(plan.base.title)}{heading}")
    branches = {plan.base.key: root}
    by_place: dict[tuple[str, str | None], list[PhaseStage]] = {}
    for stage in plan.phase_stages:
        by_place.setdefault(_place(stage), []).append(stage)
    for stages in by_place.values():
        first = stages[0]
        marks = "".join(_mark(stage.key, done) for stage in stages)
        strategy = "" if first.run.strategy == JOINT else f" [dim]{escape(str(first.run.strategy))}[/]"
        steps = f"{first.steps} steps" if first.steps else "no steps"
        label = f"{marks} {first.run.curriculum}{strategy} [dim]{steps}[/]"
        branch = branches[plan.base.key if isinstance(first, MergeStage) else first.made_from[0].stage].add(label)
        branches |= {stage.key: branch for stage in stages}
    return root


def _place(stage: PhaseStage) -> tuple[str, str | None]:
    """Return a key that is equal for stages that differ only in their seed."""
    return str(stage.run.curriculum), stage.run.strategy


def _mark(key: str, done: Collection[str]) -> str:
    return DONE if key in done else OPEN
