"""Accuracy of every saved checkpoint along each curriculum, starting at the base model."""

from __future__ import annotations

from dataclasses import replace

from xdomain.analysis.blank import Blank
from xdomain.analysis.contrast import Effect
from xdomain.analysis.inference import Measured, pool_effects
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import Trajectory, TrajectoryPoint
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study

Place = tuple[str, int, str]
"""Run label, step inside its last phase, and evaluated domain."""


def trajectories(study: Study) -> tuple[Trajectory, ...]:
    """Return one trajectory per planned run and domain without blank points.

    Seeds are pooled over a domain's points.
    """
    measured = pool_effects(
        {
            (run.label, step, domain): _level(study, run, step, domain)
            for run in study.book
            for step in saved_steps(run)
            for domain in study.domains
        }
    )
    return tuple(
        _trajectory(study, run, domain, measured) for run in study.book.trained for domain in study.domains if run.saved
    )


def saved_steps(run: Run) -> list[int]:
    """Return the steps of the last phase of a run at which a checkpoint was evaluated."""
    return sorted({checkpoint.step for group in run.saved.values() for checkpoint in group})


def _level(study: Study, run: Run, step: int, domain: str) -> Effect | Blank:
    at_step = {seed: checkpoint for seed, group in run.saved.items() for checkpoint in group if checkpoint.step == step}
    return study.level(replace(run, ends=at_step), domain)


def _trajectory(study: Study, run: Run, domain: str, measured: dict[Place, Measured]) -> Trajectory:
    points: list[TrajectoryPoint] = []
    phase_ends: list[int] = []
    done = 0
    for phase, part in enumerate(chain(study, run)):
        for step in saved_steps(part):
            found = measured[part.label, step, domain]
            if not isinstance(found, Blank):
                cell = study.spoken(accuracy_cell(found)).model_dump()
                points.append(TrajectoryPoint(**cell, total_steps=done + step, phase=phase, phase_step=step))
        if phase:
            done += max(saved_steps(part), default=0)
            phase_ends.append(done)
    return Trajectory(curriculum=run.label, domain=domain, phase_ends=tuple(phase_ends), points=tuple(points))


def chain(study: Study, run: Run) -> list[Run]:
    """Return the runs from the base model to `run`, one per phase. A parent without checkpoints ends the chain."""
    found = [run]
    while found[0].parent is not None:
        parent = study.book.parent(found[0])
        if parent.id not in study.book.runs:
            break
        found.insert(0, parent)
    return found if found[0].id.is_base else [study.base, *found]
