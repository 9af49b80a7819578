"""The course of runs, as text: falls in later phases, steps to a target, and gains over steps."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.analysis.result import (
    AnalysisResult,
    Cell,
    DamageOnset,
    GainsAtStep,
    LaterCourse,
    StepsToTarget,
    Unit,
)
from xdomain.core.words import count
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.text_section import TextSection, TextTable

FALLS = ("run", "domain", "since the end of", "lowest", "at step", "lowest window", "end", "began between steps")
TARGETS = ("run", "domain", "steps to the single run", "earliest", "latest")
GAINS = ("run", "step", "in its domain", "mean of the others")
NEVER = "not reached"


def course_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section on the course of runs, without empty tables; [] if all are empty."""
    course = result.course
    fallen = [each for each in course.later if _is_below(each.lowest)]
    others = [each for each in course.steps_to_target if each.run != each.target]
    several = _with_several_steps(course.gains)
    tables = [
        TextTable("falls in later phases", FALLS, tuple(map(_fall_row, fallen))),
        TextTable("steps to the level of the single run", TARGETS, tuple(map(_target_row, others))),
        TextTable("gains over steps", GAINS, tuple(map(_gain_row, several))),
    ]
    kept = tuple(table for table in tables if table.rows)
    if not kept:
        return []
    return [
        TextSection(
            "course",
            "The course of training",
            "When does a domain fall, and when is a gain reached?",
            f"A fall is shown for {count(len(fallen), 'pair')} of run and domain out of {len(course.later)}; the JSON "
            "export has all. Changes are paired by item, with 95% intervals, and count from the end of the last phase "
            "that trained the domain. The lowest checkpoint, and the lowest mean of "
            f"{max((each.window for each in course.later), default=1)} consecutive ones (the window), are chosen from "
            "the data; their intervals are corrected for that choice, but not for the number of rows. The steps "
            "between which a fall began are a 95% interval of its change point over items, for these checkpoints. A "
            "share recovered has Fieller's interval. Steps to the single run count in the last phase, up to the first "
            "saved checkpoint that is not below it; earliest and latest are those from which it may be, and must be, "
            "at least as good by the 95% interval.",
            kept,
        )
    ]


def _fall_row(found: LaterCourse) -> tuple[str, ...]:
    step = "" if found.lowest_step is None else f"{found.lowest_step:,}"
    changes = _cell(found.lowest), step, _cell(found.lowest_window), _cell(found.end)
    return found.run, found.domain, found.since, *changes, _onset_text(found.onset)


def _onset_text(found: DamageOnset | None) -> str:
    return "" if found is None else f"{found.low:,} and {found.high:,}"


def _target_row(found: StepsToTarget) -> tuple[str, ...]:
    steps = (NEVER if step is None else f"{step:,}" for step in (found.step, found.earliest, found.latest))
    return found.run, found.domain, *steps


def _gain_row(found: GainsAtStep) -> tuple[str, ...]:
    return found.run, f"{found.step:,}", _cell(found.inside), _cell(found.outside)


def _cell(cell: Cell, unit: Unit = "fraction") -> str:
    """Return estimate and interval, or the reason why there is no estimate."""
    if cell.estimate is None:
        return cell.note
    interval = interval_text(unit, cell.low, cell.high) or "no interval"
    return f"{estimate_text(unit, cell.estimate)} {interval}"


def _is_below(cell: Cell) -> bool:
    return cell.high is not None and cell.high < 0


def _with_several_steps(found: Iterable[GainsAtStep]) -> list[GainsAtStep]:
    """Return the gains of runs with several saved checkpoints; with one, the matrices hold them."""
    rows = list(found)
    runs = [each.run for each in rows]
    return [each for each in rows if runs.count(each.run) > 1]
