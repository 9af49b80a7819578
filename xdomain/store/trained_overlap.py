"""Find test items that an evaluated checkpoint was trained on, before anything is evaluated.

An experiment's own domains are compared before it trains. For a finished checkpoint, the schedules of its stages are
compared, because a file, a template or a split may have changed since, or other domains are evaluated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from xdomain.core.errors import DataError
from xdomain.core.fingerprint import fingerprint
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain, build_domains
from xdomain.domains.draw import choose_items
from xdomain.domains.trained import items_trained_on
from xdomain.plan.graph import Graph, Setup
from xdomain.plan.stage import EvaluateStage, PhaseStage
from xdomain.store.lineage import Lineage, Trained
from xdomain.store.store import Store

SHOWN = 3
"""Number of ids that a message shows."""


@dataclass(frozen=True)
class TrainedOverlap:
    """Evaluated items of one domain that a checkpoint was trained on.

    Attributes:
        checkpoint: Title of the checkpoint.
        tested: Domain of the evaluated items.
        trained: Domain whose train prompts they were.
        shared: Number of such items.
        items: Number of evaluated items.
        examples: Ids of the first such items.
    """

    checkpoint: str
    tested: str
    trained: str
    shared: int
    items: int
    examples: tuple[str, ...]

    def sentence(self) -> str:
        """Return a sentence that describes the overlap, with numbers."""
        return (
            f'{self.shared} of {self.items} evaluated items of "{self.tested}" are prompts that "{self.checkpoint}" '
            f'was trained on, as train items of "{self.trained}" (the first: {", ".join(self.examples)}).'
        )


def find_trained_overlaps(graph: Graph, store: Store, *, finished: bool) -> list[TrainedOverlap]:
    """Return the overlaps between the items of each evaluation and the prompts that its checkpoint was trained on.

    Only checkpoints in the store are compared. A domain may list other domains (or itself) under `allow_overlap`, which
    allows their test items in its training.

    Args:
        graph: Evaluations to compare.
        store: The store.
        finished: Also compare evaluations that are published.

    Raises:
        StoreError: The store does not say what a checkpoint was trained on.
        DataError: A domain's data is missing or malformed.
    """
    done = store.done([*graph.inputs.values(), *graph.stages.values()])
    lineage = Lineage(store)
    drawn: dict[str, list[Item]] = {}
    found: list[TrainedOverlap] = []
    for stage in graph.evaluations:
        if (stage.key in done and not finished) or _to_be_made(stage.checkpoint.stage, graph, done):
            continue
        trained = lineage.trained_on(stage.checkpoint)
        if trained:
            which = fingerprint([stage.payload["items"], stage.seed])
            if which not in drawn:
                drawn[which] = evaluated_items(stage)
            found += _overlaps(stage, graph.setup_of(stage), drawn[which], trained)
    return found


def _to_be_made(key: str, graph: Graph, done: Collection[str]) -> bool:
    """Return whether this session will make the stage or one of its ancestors.

    Such a stage is trained on the current items, which were compared already.
    """
    if key not in done:
        return True
    stage = graph.stages.get(key)
    below = stage.made_from if isinstance(stage, PhaseStage) else ()
    return any(_to_be_made(ref.stage, graph, done) for ref in below if ref.stage in graph.stages)


def _overlaps(stage: EvaluateStage, setup: Setup, items: list[Item], trained: Trained) -> Iterator[TrainedOverlap]:
    warmup = setup.model.warmup.domains if setup.model is not None and setup.model.warmup else ()
    known = trained.keys() & {*setup.domain_names, *warmup}
    allowed = {name: each.allowed_overlap for name, each in build_domains(setup.domains, known).items()}
    for name in sorted(trained):
        shared = items_trained_on(items, trained[name])
        if shared and stage.domain not in allowed.get(name, ()):
            examples = tuple(item.id for item in shared[:SHOWN])
            yield TrainedOverlap(stage.checkpoint_title, stage.domain, name, len(shared), len(items), examples)


def evaluated_items(stage: EvaluateStage) -> list[Item]:
    """Return the items of an evaluation."""
    domain = build_domain(stage.domain_entry)
    try:
        return choose_items(domain, stage.settings, Split(stage.split))
    finally:
        domain.close()


def refuse_trained_overlaps(graph: Graph, store: Store, *, finished: bool, fix: str) -> None:
    """Raise if a checkpoint would be evaluated on items that it was trained on; see `find_trained_overlaps`.

    Raises:
        DataError: Items overlap.
        StoreError: The store does not say what a checkpoint was trained on.
    """
    overlaps = find_trained_overlaps(graph, store, finished=finished)
    if overlaps:
        more = f" {len(overlaps) - 1} more evaluations overlap." if len(overlaps) > 1 else ""
        raise DataError(overlaps[0].sentence() + more, where=f"domains.{overlaps[0].tested}", fix=fix)
