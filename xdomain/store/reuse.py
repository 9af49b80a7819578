"""Explain why open stages of a plan are not in the store, by comparing each with the most similar stored stage."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from xdomain.plan.explain import explain_difference
from xdomain.plan.graph import Graph
from xdomain.plan.reasons import Reason, reasons
from xdomain.plan.stage import StageKind, StageSpec
from xdomain.store.durations import Published
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage

MOST_COMPARED = 1000
"""Largest number of open stages that are compared, so that a plan of ten thousand stages is not delayed."""
KEY_OF_FOLDER = re.compile(r"-[0-9a-f]{16}$")
STEP = re.compile(r"-step-\d+")


@dataclass
class NotReused:
    """Open stages that differ from a stored stage of the same name, all for the same reason.

    Attributes:
        reason: The difference; None for stages that differ only in a stage that they build on.
        stages: Number of such stages by kind.
        example: Title of one such planned stage, and folder of the stored one.
    """

    reason: Reason | None
    stages: dict[StageKind, int] = field(default_factory=dict)
    example: tuple[str, str] = ("", "")


class StoredAlike:
    """Published stages of a store, by name. A stage's folder name begins with its name.

    Args:
        store: The store.
        without: Folders of stages to leave out.
    """

    def __init__(self, store: Store, without: Collection[str] = frozenset()) -> None:
        self._published = Published(store)
        self._named: dict[str, list[str]] = {}
        for folder in sorted(store.names("stages").difference(without)):
            self._named.setdefault(_name(folder), []).append(folder)

    def nearest(self, stage: StageSpec | StoredStage) -> StoredStage | None:
        """Return the published stage of the same name with the fewest differences.

        The step of a checkpoint is not part of the name.
        """
        names = [name for name in self._named.get(_name(stage.folder), []) if name != stage.folder]
        found = [each for name in names if (each := self._published.read(name[-16:])) is not None]
        return min(found, key=lambda each: len(explain_difference(each.payload, stage.payload)), default=None)


def not_reused(plan: Graph, store: Store, done: Collection[str]) -> tuple[NotReused, ...]:
    """Return the reasons why open stages must be made although the store has stages of the same name.

    Reasons of earlier kinds of stages come first, because the others often follow from them.
    """
    alike = StoredAlike(store, {stage.folder for stage in plan.stages.values()})
    found: dict[Reason | None, NotReused] = {}
    opened = [stage for key, stage in plan.stages.items() if key not in done]
    for stage in opened[:MOST_COMPARED]:
        stored = alike.nearest(stage)
        if stored is None:
            continue
        for reason in _reasons(stored, stage):
            group = found.setdefault(reason, NotReused(reason, example=(stage.title, stored.path.name)))
            group.stages[stage.kind] = group.stages.get(stage.kind, 0) + 1
    return tuple(sorted(found.values(), key=_order))


def _reasons(stored: StoredStage, planned: StageSpec) -> Iterator[Reason | None]:
    yield from reasons(stored.payload, planned.payload) or (None,)


def _order(group: NotReused) -> tuple[bool, int, int]:
    """Return the sort key of a group: by kind, then by number of stages; groups without their own reason are last."""
    return group.reason is None, min(map(list(StageKind).index, group.stages)), -sum(group.stages.values())


def _name(folder: str) -> str:
    return STEP.sub("", KEY_OF_FOLDER.sub("", folder))
