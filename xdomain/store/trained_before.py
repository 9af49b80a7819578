"""Find stored training stages of an experiment whose verifiers or rewards changed after training.

A training stage's key includes its verifiers, so the current plan has other keys. This module searches the stages that
earlier sessions of the experiment noted for stages that differ only in verifiers and rewards, including their parents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from xdomain.core.fingerprint import fingerprint
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.graph import Plan
from xdomain.plan.identity import taught_by
from xdomain.plan.stage import CheckpointRef, EvaluateStage, MergeStage, RollbackStage, StageKind, StageSpec
from xdomain.store.experiments import noted_experiments
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage, read_stage

JUDGING = ("verifiers", "rewards", "self_paced")
"""Parts of a training stage's payload that depend on a verifier or reward."""


def as_trained(plan: Plan, store: Store) -> tuple[Plan, Mapping[str, StoredStage]]:
    """Return `plan` with its training stages replaced by stored ones, and the stored stages by key.

    Training stages that are not stored are left out together with their evaluations. If several stored stages differ
    only in their verifiers, the one with the most stored later phases is chosen. Ties go to a stage that was trained
    under other verifiers than the current ones, then to the most recent one.
    """
    candidates = _candidates(plan, store)
    later = _later_phases(candidates)
    stages: dict[str, StageSpec] = {plan.base.key: plan.base}
    now: dict[str, str] = {plan.base.key: plan.base.key}
    found: dict[str, StoredStage] = {}
    for stage in plan.phase_stages:
        if isinstance(stage, RollbackStage):
            stored = read_stage(store.folder(stage))
            if stored is not None and all(now.get(ref.stage) == ref.stage for ref in stage.inputs):
                now[stage.key], stages[stage.key], found[stage.key] = stage.key, stage, stored
            continue
        if isinstance(stage, MergeStage):
            merge = _moved_merge(stage, now)
            merged = None if merge is None else read_stage(store.folder(merge))
            if merge is not None and merged is not None:
                now[stage.key], stages[merge.key], found[merge.key] = merge.key, merge, merged
            continue
        parent = now.get(stage.parent.stage)
        if parent is None or any(ref.stage not in now for ref in stage.teachers.values()):
            continue
        teachers = {domain: CheckpointRef(now[ref.stage], ref.step) for domain, ref in stage.teachers.items()}
        alike = candidates.get((parent, _likeness({**stage.payload, **taught_by(teachers)})), [])
        if not alike:
            continue
        chosen = _chosen(alike, stage.key, later)
        now[stage.key] = chosen.key
        found[chosen.key] = chosen
        lineage = tuple(CheckpointRef(now[ref.stage], ref.step) for ref in stage.lineage)
        stages[chosen.key] = replace(
            stage,
            key=chosen.key,
            payload=chosen.payload,
            filed_as=chosen.title,
            parent=CheckpointRef(parent, stage.parent.step),
            lineage=lineage,
            teachers=teachers,
            pass_rates={},
        )
    for evaluation in plan.evaluations:
        ref = evaluation.checkpoint
        if ref.stage in now:
            moved = _moved(evaluation, CheckpointRef(now[ref.stage], ref.step), plan, _scorers(now[ref.stage], found))
            stages[moved.key] = moved
    runs = tuple(
        replace(run, stages=tuple(now[key] for key in run.stages))
        for run in plan.runs
        if all(key in now for key in run.stages)
    )
    return Plan(plan.experiment, stages, plan.base, runs), found


def _candidates(plan: Plan, store: Store) -> dict[tuple[str | None, str], list[StoredStage]]:
    """Return published training stages of the experiment by parent key and `_likeness`."""
    noted = noted_experiments(store).get(plan.experiment.name, {})
    stages = {stage.folder: stage for stage in (*noted.values(), *plan.train_stages) if stage.kind is StageKind.TRAIN}
    found: dict[tuple[str | None, str], list[StoredStage]] = {}
    for stage in stages.values():
        stored = read_stage(store.folder(stage))
        if stored is not None:
            found.setdefault((stored.payload["parent"], _likeness(stored.payload)), []).append(stored)
    return found


def _likeness(payload: Mapping[str, object]) -> str:
    return fingerprint({name: value for name, value in payload.items() if name not in (*JUDGING, "parent")})


def _later_phases(candidates: Mapping[tuple[str | None, str], list[StoredStage]]) -> Callable[[str], int]:
    """Return a function that counts the stored stages that descend from a stage."""
    children: dict[str | None, list[str]] = {}
    for (parent, _), group in candidates.items():
        children.setdefault(parent, []).extend(each.key for each in group)

    @cache
    def later(key: str) -> int:
        return sum(1 + later(child) for child in children.get(key, ()))

    return later


def _chosen(alike: Sequence[StoredStage], planned: str, later: Callable[[str], int]) -> StoredStage:
    return max(alike, key=lambda each: (later(each.key), each.key != planned, each.done.get("finished", 0)))


def _moved_merge(stage: MergeStage, now: Mapping[str, str]) -> MergeStage | None:
    """Return the same merge of the inputs' stored stages; None if one of them is not stored."""
    if any(ref.stage not in now for ref in stage.inputs):
        return None
    inputs = tuple(CheckpointRef(now[ref.stage], ref.step) for ref in stage.inputs)
    payload = {**stage.payload, "inputs": [{"stage": ref.stage, "step": ref.step} for ref in inputs]}
    return replace(stage, key=fingerprint(payload), payload=payload, inputs=inputs)


def _moved(
    evaluation: EvaluateStage, ref: CheckpointRef, plan: Plan, trained_under: Mapping[str, list[str]]
) -> EvaluateStage:
    """Return the same evaluation for another checkpoint, marked as rescored."""
    payload = {**evaluation.payload, "checkpoint": {"stage": ref.stage, "step": ref.step}}
    return replace(
        evaluation,
        key=fingerprint(payload),
        payload=payload,
        checkpoint=ref,
        rescored=True,
        base=plan.base.end,
        trained_under=trained_under,
    )


def _scorers(key: str, found: Mapping[str, StoredStage]) -> dict[str, list[str]]:
    """Return the verifiers that a checkpoint was trained under, by domain, earlier phases included."""
    scorers: dict[str, list[str]] = {}
    waiting = [key]
    while waiting:
        stage = found.get(waiting.pop())
        payload = {} if stage is None else stage.payload
        for domain, identity in payload.get("verifiers", {}).items():
            own = scorers.setdefault(domain, [])
            words = verifier_in_words(identity)
            own += [words] if words not in own else []
        waiting += [payload["parent"]] if "parent" in payload else []
        waiting += [each["stage"] for each in payload.get("inputs", ())]
        waiting += [each["stage"] for each in payload.get("teachers", {}).values()]
    return scorers
