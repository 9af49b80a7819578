"""Scores and cost of each end checkpoint, for its model card."""

from __future__ import annotations

from xdomain.analysis.inference import pool_effects
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import EndCheckpoint
from xdomain.analysis.study import Study
from xdomain.plan.measurement import EvaluatedCheckpoint


def end_checkpoints(study: Study) -> tuple[EndCheckpoint, ...]:
    """Return the end checkpoints in plan order, seed by seed. The base model is listed once, without a seed."""
    found: list[EndCheckpoint] = []
    for run in study.book:
        for seed, end in list(run.ends.items())[: 1 if run.id.is_base else None]:
            levels = {domain: study.level(run, domain, seeds=(seed,)) for domain in study.domains}
            accuracy = {domain: accuracy_cell(cell) for domain, cell in pool_effects(levels).items()}
            found.append(_published(run.label, end).model_copy(update={"accuracy": accuracy}))
    return tuple(found)


def _published(label: str, end: EvaluatedCheckpoint) -> EndCheckpoint:
    effort = end.effort
    return EndCheckpoint(
        name=end.checkpoint,
        run=label,
        seed=end.seed,
        steps=effort.steps,
        prompts=effort.prompts,
        completion_tokens=effort.completion_tokens,
        informative_groups=effort.informative_groups,
        seconds=effort.seconds,
    )
