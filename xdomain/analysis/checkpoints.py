"""Every end checkpoint by itself: what it scores and what it cost, for its model card."""

from __future__ import annotations

from xdomain.analysis.accuracy import level
from xdomain.analysis.inference import pool_effects
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import EndCheckpoint
from xdomain.analysis.study import Study
from xdomain.core.measurement import EvaluatedCheckpoint


def end_checkpoints(study: Study) -> tuple[EndCheckpoint, ...]:
    """In plan order, seed by seed; the base once, without a seed."""
    found: list[EndCheckpoint] = []
    for run in study.book.runs.values():
        for seed in [None] if run.is_base else sorted(run.ends):
            end = next(iter(run.ends.values()), None) if seed is None else run.ends[seed]
            if end is None:
                continue
            levels = {
                domain: level(study, run, domain, seeds=None if seed is None else (seed,)) for domain in study.domains
            }
            accuracy = {domain: accuracy_cell(cell) for domain, cell in pool_effects(levels).items()}
            found.append(_published(run.label, seed, end).model_copy(update={"accuracy": accuracy}))
    return tuple(found)


def _published(label: str, seed: int | None, end: EvaluatedCheckpoint) -> EndCheckpoint:
    effort = end.effort
    return EndCheckpoint(
        name=end.checkpoint,
        run=label,
        seed=seed,
        steps=effort.steps,
        prompts=effort.prompts,
        completion_tokens=effort.completion_tokens,
        informative_groups=effort.informative_groups,
        seconds=effort.seconds,
    )
