"""Decide which optional stages are needed, from the stored looks of the stages that they follow.

Nothing else is stored, so every session decides the same. The looks are those of the alarms that a stage ran with: they
are not part of its key, so a stage that is done is not trained again for other ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from xdomain.core.errors import DamagedArtifact
from xdomain.core.words import count
from xdomain.plan.alarms.looks import LOOKS, StageLooks, read_looks
from xdomain.plan.graph import Graph
from xdomain.plan.optional import OptionalStage
from xdomain.plan.refresh import refreshed_domain
from xdomain.plan.stage import StageRef
from xdomain.store.artifact import REMAKE, check_artifact
from xdomain.store.store import Store

SomeGraph = TypeVar("SomeGraph", bound=Graph)

MOST_TITLES = 3
"""Largest number of stages that a sentence names."""


def stage_looks(store: Store, stage: StageRef) -> StageLooks | None:
    """Return the looks of a published stage's alarms; None if it was not monitored.

    Raises:
        DamagedArtifact: Their file is corrupt.
    """
    folder = store.folder(stage)
    if not (folder / LOOKS).exists():
        return None
    check_artifact(folder, LOOKS)
    try:
        return read_looks(folder / LOOKS)
    except (ValueError, RecursionError) as error:
        raise DamagedArtifact(f'"{LOOKS}" holds no looks: {error}.', where=str(folder), fix=REMAKE) from error


class Decisions:
    """The decisions about the optional stages of a graph. The looks of each stage are read once."""

    def __init__(self, graph: Graph, store: Store) -> None:
        self._graph, self._store = graph, store
        self._domains: dict[str, str | None] = {}

    def needed(self, optional: OptionalStage) -> bool | None:
        """Return whether an optional stage is needed; None while the stage that decides is not published.

        Raises:
            DamagedArtifact: The looks of that stage are corrupt.
        """
        condition = optional.condition
        if condition.stage not in self._domains:
            decides = self._graph.stages[condition.stage]
            if not self._store.done([decides]):
                return None
            looks = stage_looks(self._store, decides)
            self._domains[condition.stage] = refreshed_domain(looks, condition.threshold)
        return self._domains[condition.stage] == condition.domain

    def refreshes(self) -> dict[str, dict[str, bool]]:
        """Return whether the refresh of each monitored domain is needed, by the key of each published stage."""
        found: dict[str, dict[str, bool]] = {}
        for each in self._graph.optional.values():
            needed = self.needed(each)
            if needed is not None:
                found.setdefault(each.condition.stage, {})[each.condition.domain] = needed
        return found

    def all(self) -> dict[str, bool | None]:
        """Return the decision about every optional stage, by key."""
        return {key: self.needed(each) for key, each in self._graph.optional.items()}


def unmonitored(graph: Graph, store: Store) -> str | None:
    """Return a sentence about published stages that no refresh can follow, because they took no looks; else None."""
    deciding = [graph.stages[key] for key in {each.condition.stage: None for each in graph.optional.values()}]
    done = store.done(deciding)
    found = [stage.title for stage in deciding if stage.key in done and stage_looks(store, stage) is None]
    if not found:
        return None
    more = f"; and {len(found) - MOST_TITLES} more" if len(found) > MOST_TITLES else ""
    return (
        f"No refresh follows {count(len(found), 'stage')} that ran without alarms or too shortly for them: "
        f"{'; '.join(found[:MOST_TITLES])}{more}."
    )


def grown(graph: SomeGraph, store: Store) -> SomeGraph:
    """Return the graph with the needed optional stages among `stages`; undecided ones stay optional."""
    decided = Decisions(graph, store).all()
    needed = {key: each.stage for key, each in graph.optional.items() if decided[key]}
    undecided = {key: each for key, each in graph.optional.items() if decided[key] is None}
    return replace(graph, stages=graph.stages | needed, optional=undecided)
