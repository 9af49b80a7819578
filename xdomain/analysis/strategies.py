"""Curricula that were run with several strategies. The reference is joint, else the first strategy listed."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.analysis.runs import Run, RunBook
from xdomain.config.curriculum import Curriculum
from xdomain.config.run_id import JOINT


@dataclass(frozen=True)
class Contest:
    """The runs of one curriculum under several strategies.

    Attributes:
        reference: Run that the others are compared with.
        others: Other runs in plan order.
    """

    curriculum: Curriculum
    reference: Run
    others: tuple[Run, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        return (self.reference, *self.others)


def contests(book: RunBook) -> list[Contest]:
    """Return every curriculum that was run with more than one strategy."""
    by_curriculum: dict[Curriculum, list[Run]] = {}
    for run in book.trained:
        if run.id.curriculum is not None:
            by_curriculum.setdefault(run.id.curriculum, []).append(run)
    found = []
    for curriculum, runs in by_curriculum.items():
        if len(runs) > 1:
            reference = next((run for run in runs if run.id.strategy == JOINT), runs[0])
            found.append(Contest(curriculum, reference, tuple(run for run in runs if run is not reference)))
    return found
