"""Stages that merge checkpoints, and the start that they give to later phases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Merge
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.dev_choice import choice_identity
from xdomain.plan.prompts import phase_quotas, prompts_consumed
from xdomain.plan.recipe import settings_of
from xdomain.plan.stage import BaseStage, CheckpointRef, EvaluateStage, MergeStage, PhaseStage, StageSpec, TrainStage
from xdomain.plan.stepless_identity import merge_payload

SCALES = (0.3, 0.5, 0.7, 1.0)
"""Candidates of `scale=auto`."""


@dataclass(frozen=True)
class Start:
    """The checkpoint that the first training phase of a curriculum starts from: the base model, or a merge.

    Attributes:
        checkpoint: The checkpoint.
        run: Its run.
        offsets: Number of prompts of each domain that it was trained on; a domain without an entry counts as 0.
        acted: Labels of the strategies that it was trained with, except joint.
    """

    checkpoint: CheckpointRef
    run: RunId
    offsets: Mapping[str, int] = field(default_factory=dict)
    acted: tuple[str, ...] = ()


def strategies_below(ends: Iterable[PhaseStage]) -> tuple[str, ...]:
    """Return the distinct labels of the strategies of several runs, except joint."""
    labels = (stage.run.strategy for stage in ends)
    return tuple(dict.fromkeys(label for label in labels if label not in (None, JOINT)))


def merge_stage(
    merge: Merge, ends: Sequence[PhaseStage], base: BaseStage, seed: int, dev: tuple[EvaluateStage, ...] = ()
) -> MergeStage:
    """Return the stage that merges the ends of the arguments.

    Args:
        merge: The merge.
        ends: End of each argument.
        base: The base model.
        seed: Training seed.
        dev: Evaluations of the base model on dev items of the merged domains, if a scale is chosen.
    """
    inputs = tuple(stage.end for stage in ends)
    payload = merge_payload(merge, base.key, inputs, choice_identity(SCALES, dev) if dev else {})
    strategy = ", then ".join(strategies_below(ends)) or JOINT
    curriculum = Curriculum((merge,))
    return MergeStage(
        key=fingerprint(payload),
        title=f"{curriculum}, seed {seed}" + ("" if strategy == JOINT else f", {strategy}"),
        payload=payload,
        curriculum=curriculum,
        run=RunId(curriculum, strategy),
        seed=seed,
        inputs=inputs,
        weights=tuple(weight for weight, _ in merge.arguments),
        method=merge.method,
        density=merge.density,
        base=base.end,
        dev=dev,
    )


def phases_below(stage: PhaseStage, stages: Mapping[str, StageSpec]) -> tuple[CheckpointRef, ...]:
    """Return the end of each phase that a stage continues or merges, at any depth, each once, in the order of `stages`.

    The base model is left out.
    """
    found: set[CheckpointRef] = set()
    waiting = [*stage.made_from]
    while waiting:
        ref = waiting.pop()
        below = stages.get(ref.stage)
        if ref not in found and isinstance(below, PhaseStage):
            found.add(ref)
            waiting += below.made_from
    order = {key: place for place, key in enumerate(stages)}
    return tuple(sorted(found, key=lambda ref: (order[ref.stage], ref.step)))


def most_prompts_drawn(stages: Iterable[PhaseStage], experiment: Experiment) -> dict[str, int]:
    """Return how far the stages went in each domain's queue of prompts: the largest number that a stage ended with."""
    found: dict[str, int] = {}
    for stage in stages:
        if isinstance(stage, TrainStage):
            training = settings_of(experiment, stage.curriculum).training
            drawn = phase_quotas(stage.phase, prompts_consumed(stage.steps, training))
            for domain, offset in stage.offsets.items():
                found[domain] = max(found.get(domain, 0), offset + drawn[domain])
    return found
