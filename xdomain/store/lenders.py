"""Find published evaluations whose completions another evaluation can reuse, without reading the whole store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdomain.core.stage import Lender
from xdomain.plan.borrowing import draw_key, judged_alike, may_borrow
from xdomain.plan.stage import EvaluateStage
from xdomain.store.artifact import RECORDS, damaged_file
from xdomain.store.description import STAGE
from xdomain.store.drawn import DRAWN, drawn_name
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage, read_stage


class DrawnAlike:
    """Finds evaluations whose completions were drawn with the same settings. The index is listed only once."""

    def __init__(self, store: Store) -> None:
        self._stages = store.root / "stages"
        self._by_draw: dict[str, list[str]] = {}
        for name in sorted(store.names(DRAWN)):
            draw, _, folder = name.partition("-")
            self._by_draw.setdefault(draw, []).append(folder)

    def of(self, payload: Mapping[str, Any]) -> list[StoredStage]:
        """Return all published evaluations with the `draw_key` of `payload`, sorted by folder name."""
        if not self._by_draw:
            return []  # a new store, whose plan may be large
        wanted = draw_key(payload)
        found = (read_stage(self._stages / name) for name in self._by_draw.get(drawn_name(wanted), ()))
        return [each for each in found if each is not None and draw_key(each.payload) == wanted]

    def lenders(self, stage: EvaluateStage) -> list[StoredStage]:
        """Return evaluations that `stage` may reuse completions of; those with reusable verdicts come first."""
        found = [each for each in self.of(stage.payload) if each.key != stage.key]
        found = [each for each in found if may_borrow(stage, each.payload)]
        return sorted(found, key=lambda each: not judged_alike(stage.payload, each.payload))


def as_lender(found: StoredStage, stage: EvaluateStage) -> Lender:
    """Return `found` in the form that the evaluation `stage` reads."""
    return Lender(found.key, found.records, judged_alike(stage.payload, found.payload))


def is_sound(found: StoredStage) -> bool:
    """Return whether description and records have the published digests."""
    return damaged_file(found.path, STAGE) is None and damaged_file(found.path, RECORDS) is None
