"""Tasks of `reasoning-gym`, single or in weighted packs. Their own scorers judge answers in a killable process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from types import ModuleType
from typing import Any

from xdomain.config.domain import FieldConfig
from xdomain.config.domain_source import PackTask, ReasoningGymSource
from xdomain.config.domain_verifier import Place
from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.core.installation import install_command
from xdomain.core.registry import did_you_mean
from xdomain.core.seeds import derive_seed
from xdomain.domains.sources.base import Part, Row, Source
from xdomain.domains.verifiers.base import Verifier
from xdomain.domains.verifiers.reasoning_gym import ReasoningGymChecker

EVALUATES = "its scorer runs eval, or sympy's parser, which evaluates, on the model's answer"
UNSTABLE = "its items change with PYTHONHASHSEED; freeze them to JSONL to use them"
NO_GOLD = "it has no gold answer to check a scorer by"

EXCLUDED: dict[str, str] = {
    "ab": "some of its gold answers are empty",
    "composite": "a pack is written with `tasks` and weights",
    "codeio": "its items are not deterministic",
    "game_of_life_halting": "its scorer pays in full for any answer",
    **dict.fromkeys(("isomorphic_strings", "knight_swap", "ransom_note", "word_ladder"), UNSTABLE),
    **dict.fromkeys(("boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour"), NO_GOLD),
    **dict.fromkeys(
        (
            "binary_matrix",
            "countdown",
            "intermediate_integration",
            "n_queens",
            "polynomial_multiplication",
            "puzzle24",
            "simple_integration",
            "spiral_matrix",
            "string_insertion",
        ),
        EVALUATES,
    ),
}
"""Tasks of reasoning-gym 0.1.25 that are not offered, each with the reason."""


NEEDS_PYCOSAT = ("zebra_puzzles",)
"""Tasks that need pycosat, a C extension that PyPI has only as source."""


class ReasoningGymRows(Source):
    """A source with one pool of rows over all tasks of a pack, which is split by hash.

    In reasoning-gym, item i of seed s equals item i-1 of seed s+1, so splits are never made of neighbouring seeds.
    """

    def __init__(self, config: ReasoningGymSource) -> None:
        if importlib.util.find_spec("reasoning_gym") is None:
            raise DependencyMissing(
                "the package `reasoning-gym` is missing.",
                where="domains.source",
                fix=install_command("reasoning-gym"),
            )
        self.config = config
        for task in config.tasks:
            if task.name in EXCLUDED:
                raise ConfigError(
                    f'the reasoning-gym task "{task.name}" is not offered: {EXCLUDED[task.name]}.',
                    where="domains.source.tasks",
                    fix="Choose another task.",
                )
            if task.name in NEEDS_PYCOSAT and not has_pycosat():
                raise DependencyMissing(
                    f'the reasoning-gym task "{task.name}" needs the package `pycosat`.',
                    where="domains.source.tasks",
                    fix="pip install pycosat (it is compiled: a C compiler is needed), or choose another task.",
                )

    def parts(self) -> tuple[Part, ...]:
        return ("pool",)

    def rows(self, part: Part) -> Sequence[Row]:
        # A question that is drawn twice is kept once.
        found: dict[str, Row] = {}
        for task, size in zip(self.config.tasks, shares(self.config.tasks, self.config.size), strict=True):
            spec = self.spec(task, size)
            for index, entry in enumerate(open_task(spec)):
                values = {"question": entry["question"], "gold": str(entry["answer"]), "task": spec, "index": index}
                found.setdefault(entry["question"], Row(values, f"reasoning-gym {task.name}:{index}"))
        return list(found.values())

    def spec(self, task: PackTask, size: int) -> dict[str, Any]:
        """Return everything that determines a task's items, as plain JSON."""
        seed = derive_seed("reasoning_gym", task.name, self.config.seed)
        return {"name": task.name, "seed": seed, "size": size, "parameters": task.parameters}

    def identity(self) -> Mapping[str, Any]:
        return {
            "kind": "reasoning_gym",
            "package": version("reasoning-gym"),
            "size": self.config.size,
            "seed": self.config.seed,
            "tasks": [task.model_dump(mode="json", exclude_defaults=True) for task in self.config.tasks],
        }

    def fields(self) -> Mapping[str, FieldConfig]:
        return {name: FieldConfig(column=name) for name in ("question", "gold", "task", "index")}

    def question_fields(self) -> Iterable[str]:
        return ("question",)

    def verifier(self, answer_in: tuple[Place, ...] | None = None) -> Verifier:
        return ReasoningGymChecker(answer_in or ("boxed", "tag", "whole"))


@cache
def has_pycosat() -> bool:
    """Return whether the real package pycosat is installed.

    The answer is cached, since an empty stand-in may replace the package later.
    """
    return importlib.util.find_spec("pycosat") is not None


def shares(tasks: Sequence[PackTask], size: int) -> list[int]:
    """Return the number of rows per task: proportional to its weight, at least one, remainders to the first tasks."""
    total = sum(task.weight for task in tasks)
    counts = [max(1, int(size * task.weight / total)) for task in tasks]
    for place in range(size - sum(counts)):
        counts[place % len(counts)] += 1
    return counts


def load_package() -> tuple[ModuleType, Mapping[str, Any]]:
    """Return the package reasoning-gym, and its tasks keyed by name.

    The package imports pycosat for every task. Without a compiler it cannot be installed, so an empty module replaces
    it. `ReasoningGymRows` refuses the tasks that need it (`NEEDS_PYCOSAT`).
    """
    if not has_pycosat():
        sys.modules.setdefault("pycosat", ModuleType("pycosat"))
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    return reasoning_gym, DATASETS


def open_task(spec: Mapping[str, Any]) -> Any:
    """Return the task's data set.

    Raises:
        ConfigError: There is no such task, or it does not take these parameters.
    """
    package, datasets = load_package()
    if spec["name"] not in datasets:
        raise ConfigError(
            f'reasoning-gym has no task "{spec["name"]}".{did_you_mean(spec["name"], datasets)}',
            where="domains.source.tasks",
            fix="See the package's gallery for names.",
        )
    try:
        return package.create_dataset(spec["name"], seed=spec["seed"], size=spec["size"], **spec["parameters"])
    except (TypeError, ValueError, AssertionError) as error:
        raise ConfigError(
            f'"{spec["name"]}" does not take these parameters: {error}.',
            where="domains.source.tasks.parameters",
            fix="See the task's configuration class in reasoning-gym.",
        ) from error


@lru_cache(maxsize=64)
def open_task_cached(spec_text: str) -> Any:
    """Return the same as `open_task` for a specification written as JSON, and cache it."""
    import json

    return open_task(json.loads(spec_text))
