"""Repairs of a damaged domain, dose by dose."""

from typing import Literal

from xdomain.analysis.matrix import Cell, ResultModel

Repair = Literal["interpolation", "random reset", "refresh", "rollback"]


class RepairPoint(ResultModel):
    """One repair with one dose."""

    repair: Repair
    dose: float | None
    """Weight of the damaged run in an interpolation, optimizer steps of a refresh, or share of the entries that are
    reset. Null if it was chosen on dev items."""
    run: str
    recovered: Cell
    """Share of the damage that the repair undoes."""
    kept: Cell
    """Share of the new skill that the repair leaves."""


class Recovery(ResultModel):
    """All repairs of one domain after one damaging run."""

    damaged: str
    """Run whose last phase did the damage."""
    parent: str
    """Run that the phase started from."""
    domain: str
    """Damaged domain."""
    skill: str
    """Domain that the phase trained on."""
    points: tuple[RepairPoint, ...]
    """Repairs, by kind and dose."""
