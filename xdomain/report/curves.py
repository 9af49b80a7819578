"""Forgetting curves (accuracy over training steps) as coordinates that the HTML page and the figures draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from xdomain.analysis.result import AnalysisResult, MonitoredDomain, Trajectory
from xdomain.core.number_text import points
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.palette import N_SERIES

Axis = Callable[[float], float]
"""Function from steps, or from accuracy, to a coordinate of the drawing."""

WIDTH, HEIGHT = 380, 220
"""Size of a panel. Coordinates start at its upper left corner; text is 11 units high."""
X_TITLE, Y_TITLE = "optimizer steps", "accuracy, percent"
LABEL_LETTERS = 11
"""Number of letters that fit at the end of a line."""
LETTER_WIDTH = 6.5
ALARM_GAP = 8
"""Distance between the marks of alarms."""
LABEL_GAP = 12
"""Minimum distance between the labels at the ends of the lines."""


@dataclass(frozen=True)
class Frame:
    """Edges of the part of a panel that contains the lines."""

    left: float = 42
    right: float = WIDTH - 74
    top: float = 24
    bottom: float = HEIGHT - 36


FRAME = Frame()


@dataclass(frozen=True)
class Dot:
    """One evaluated checkpoint."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Line:
    """One domain's accuracy along one curriculum."""

    domain: str
    label: str
    """Name of the domain, shortened to the room for it."""
    colour: int
    """1-based index of the domain in the experiment."""
    dots: tuple[Dot, ...]
    outline: tuple[tuple[float, float], ...]
    """Corners of the polygon between the ends of the intervals."""
    label_y: float

    @property
    def path(self) -> str:
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)

    @property
    def band(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.outline)


@dataclass(frozen=True)
class AlarmMark:
    """An alarm during training: a stroke over the interval of the onset, and a point at the alarm's step."""

    x: float
    y: float
    left: float
    right: float
    colour: int
    text: str


@dataclass(frozen=True)
class PhaseBand:
    """The stretch of steps that one phase covers."""

    x: float
    width: float
    name: str


@dataclass(frozen=True)
class Panel:
    """The curves of all domains along one curriculum."""

    curriculum: str
    lines: tuple[Line, ...]
    phases: tuple[PhaseBand, ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    caveat: str
    """Caveat of the panel's points."""
    alarms: tuple[AlarmMark, ...] = ()


def panels(result: AnalysisResult) -> tuple[list[Panel], list[Panel]]:
    """Return the panels of the sequences, which can show forgetting, and those of all other curricula."""
    by_curriculum: dict[str, list[Trajectory]] = {}
    for trajectory in result.trajectories:
        if any(point.estimate is not None for point in trajectory.points):
            by_curriculum.setdefault(trajectory.curriculum, []).append(trajectory)
    top = _top(result.trajectories)
    sequences: list[Panel] = []
    others: list[Panel] = []
    for curriculum, lines in by_curriculum.items():
        place = sequences if len(lines[0].phase_ends) > 1 else others
        raised = [each for each in result.alarms if each.run == curriculum and each.alarm is not None]
        place.append(_panel(curriculum, result.effort[curriculum].phases, lines, result.meta.domains, top, raised))
    # A control repeats one phase; it is not where forgetting shows, and comes last.
    return sorted(sequences, key=lambda panel: len(set(result.effort[panel.curriculum].phases)) == 1), others


def _top(trajectories: tuple[Trajectory, ...]) -> float:
    """Return the upper end of the accuracy axis, a multiple of 20 points that all panels share to be comparable."""
    ends = [end for t in trajectories for p in t.points for end in (p.high, p.estimate) if end is not None]
    return next((top for top in (0.2, 0.4, 0.6, 0.8) if not ends or max(ends) <= top), 1.0)


def _panel(
    curriculum: str,
    names: tuple[str, ...],
    trajectories: list[Trajectory],
    domains: tuple[str, ...],
    top: float,
    raised: list[MonitoredDomain],
) -> Panel:
    steps = max(max((*t.phase_ends, *(p.total_steps for p in t.points))) for t in trajectories)

    def x(step: float) -> float:
        return round(FRAME.left + (FRAME.right - FRAME.left) * step / max(steps, 1), 1)

    def y(accuracy: float) -> float:
        return round(FRAME.top + (FRAME.bottom - FRAME.top) * (1 - max(0.0, min(accuracy, top)) / top), 1)

    lines = [_line(t, domains, x, y) for t in trajectories]
    ends = (0, *trajectories[0].phase_ends)
    return Panel(
        curriculum=curriculum,
        lines=_spread_labels(lines),
        phases=tuple(
            PhaseBand(x(start), round(x(end) - x(start), 1), cut(name, int((x(end) - x(start)) / LETTER_WIDTH)))
            for start, end, name in zip(ends, ends[1:], names, strict=False)
        ),
        y_ticks=tuple((y(tick * top / 4), f"{100 * tick * top / 4:.0f}") for tick in range(5)),
        x_ticks=tuple((x(end), f"{end:,}") for end in ends),
        caveat=caveat(trajectories),
        alarms=tuple(_mark(each, place, ends[-2], domains, x) for place, each in enumerate(raised)),
    )


def _mark(found: MonitoredDomain, place: int, phase_start: int, domains: tuple[str, ...], x: Axis) -> AlarmMark:
    """Return the mark of an alarm of the last phase. Marks are below each other at the top of the panel."""
    alarm = found.alarm
    assert alarm is not None
    return AlarmMark(
        x=x(phase_start + alarm.step),
        y=FRAME.top + 5 + ALARM_GAP * place,
        left=x(phase_start + alarm.onset_low),
        right=x(phase_start + alarm.onset_high),
        colour=_colour(found.domain, domains),
        text=f"alarm: {found.domain} fell by {points(-alarm.change)} points by step {alarm.step:,} of the phase, seed "
        f"{found.seed}; it began between steps {alarm.onset_low:,} and {alarm.onset_high:,}",
    )


def _colour(domain: str, domains: tuple[str, ...]) -> int:
    """Return the number of a domain's series, from 1."""
    place = domains.index(domain) if domain in domains else len(domains)
    return place % N_SERIES + 1


def caveat(trajectories: Iterable[Trajectory]) -> str:
    """Return why the bands may cover less than they seem to, or an empty string if nothing limits them."""
    caveats = (point.caveat for trajectory in trajectories for point in trajectory.points if point.caveat)
    return " / ".join(dict.fromkeys(caveats))


def _line(trajectory: Trajectory, domains: tuple[str, ...], x: Axis, y: Axis) -> Line:
    measured = [point for point in trajectory.points if point.estimate is not None]
    dots = tuple(
        Dot(
            x(p.total_steps),
            y(p.estimate or 0.0),
            f"{trajectory.domain} after {p.total_steps:,} steps: {estimate_text('fraction', p.estimate, signed=False)} "
            f"{interval_text('fraction', p.low, p.high)}",
        )
        for p in measured
    )
    banded = [(x(p.total_steps), y(p.low), y(p.high)) for p in measured if p.low is not None and p.high is not None]
    outline = [(at, low) for at, low, _ in banded] + [(at, high) for at, _, high in reversed(banded)]
    return Line(
        domain=trajectory.domain,
        label=cut(trajectory.domain, LABEL_LETTERS),
        colour=_colour(trajectory.domain, domains),
        dots=dots,
        outline=tuple(outline),
        label_y=dots[-1].y,
    )


def cut(text: str, letters: int) -> str:
    """Return `text` cut to at most `letters` characters, the last one an ellipsis if anything was cut."""
    return text if len(text) <= letters else f"{text[: max(letters - 1, 0)]}…"


def _spread_labels(lines: list[Line]) -> tuple[Line, ...]:
    """Move overlapping labels apart: downwards from the top, then back up from the lower edge."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].label_y)
    places: list[float] = []
    for index in order:
        places.append(max(lines[index].label_y, places[-1] + LABEL_GAP if places else 0.0))
    limit = FRAME.bottom + 4.0
    for position in range(len(places) - 1, -1, -1):
        places[position] = min(places[position], limit)
        limit = places[position] - LABEL_GAP
    moved = dict(zip(order, places, strict=True))
    return tuple(replace(line, label_y=round(moved[index], 1)) for index, line in enumerate(lines))
