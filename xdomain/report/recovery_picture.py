"""Recovered damage against kept skill, one line per kind of repair, as coordinates that the HTML page draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xdomain.analysis.result import AnalysisResult, Recovery, RepairPoint
from xdomain.report.cures import dose_text, heading, share_of

ORDER = ("interpolation", "refresh", "rollback", "random reset")
"""Kinds of repair, in the order of their colours."""
FARTHEST = (-0.5, 2.0)
"""Shares that are drawn. Others are drawn at the edge."""
TICK = 0.5


class RecoveryLayout(NamedTuple):
    """Layout of a picture. Coordinates start at the upper left; text is 11 units high."""

    width: float = 380
    height: float = 260
    left: float = 42
    right: float = 368
    top: float = 8
    bottom: float = 218


LAYOUT = RecoveryLayout()


@dataclass(frozen=True)
class Dose:
    """One repair: a point, its label, and its numbers in words."""

    x: float
    y: float
    label: str
    text: str


@dataclass(frozen=True)
class RepairLine:
    """The doses of one kind of repair.

    Attributes:
        colour: 1-based number of the kind's series colour.
        path: Coordinates of the line, as SVG has them.
    """

    repair: str
    colour: int
    doses: tuple[Dose, ...]

    @property
    def path(self) -> str:
        return " ".join(f"{dose.x},{dose.y}" for dose in self.doses)


@dataclass(frozen=True)
class RecoveryPicture:
    """The repairs of one domain.

    Attributes:
        full: Coordinates at which everything is kept (x) and recovered (y).
    """

    title: str
    lines: tuple[RepairLine, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    full: tuple[float, float]


def recovery_pictures(result: AnalysisResult) -> list[RecoveryPicture]:
    """Return one picture per damaged domain. Doses without both shares are left out, and so are empty pictures."""
    return [picture for picture in map(_picture, result.recoveries) if picture.lines]


def _picture(found: Recovery) -> RecoveryPicture:
    known = [point for point in found.points if None not in _shares(point)]
    low, high = _limits([share for point in known for share in _shares(point) if share is not None])

    def x(share: float) -> float:
        return round(LAYOUT.left + (LAYOUT.right - LAYOUT.left) * (min(max(share, low), high) - low) / (high - low), 1)

    def y(share: float) -> float:
        return round(
            LAYOUT.bottom - (LAYOUT.bottom - LAYOUT.top) * (min(max(share, low), high) - low) / (high - low), 1
        )

    def dose(point: RepairPoint) -> Dose:
        recovered, kept = _shares(point)
        text = f"{point.run}: recovered {share_of(point.recovered)}, kept {share_of(point.kept)}"
        return Dose(x(kept or 0.0), y(recovered or 0.0), dose_text(point), text)

    lines = [
        RepairLine(repair, ORDER.index(repair) + 1, tuple(dose(each) for each in known if each.repair == repair))
        for repair in ORDER
    ]
    ticks = [low + TICK * number for number in range(round((high - low) / TICK) + 1)]
    return RecoveryPicture(
        title=heading(found),
        lines=tuple(line for line in lines if line.doses),
        x_ticks=tuple((x(tick), f"{100 * tick:.0f}") for tick in ticks),
        y_ticks=tuple((y(tick), f"{100 * tick:.0f}") for tick in ticks),
        full=(x(1.0), y(1.0)),
    )


def _shares(point: RepairPoint) -> tuple[float | None, float | None]:
    return point.recovered.estimate, point.kept.estimate


def _limits(shares: Sequence[float]) -> tuple[float, float]:
    """Return limits of both axes, multiples of `TICK` that contain 0 to 1 and what is drawn of the shares."""
    low = max(FARTHEST[0], min([0.0, *shares]) // TICK * TICK)
    high = min(FARTHEST[1], -(-max([1.0, *shares]) // TICK) * TICK)
    return low, high
