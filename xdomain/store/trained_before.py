"""The training stages that a store holds of an experiment whose verifiers or rewards changed since.

A checkpoint keeps the key of what it was trained under. Today's plan has other keys, so its stages are looked for
among those that earlier runs of the experiment noted: the same but for verifiers and rewards, in earlier phases too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from xdomain.core.fingerprint import fingerprint
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.graph import Plan, Run
from xdomain.plan.stage import CheckpointRef, EvaluateStage, Stage, StageKind
from xdomain.store.experiments import noted_experiments
from xdomain.store.lenders import StoredStage, read_stage
from xdomain.store.store import Store

JUDGING = ("verifiers", "rewards", "self_paced")
"""Of a training stage's identity; pass rates are verdicts, too."""


def as_trained(plan: Plan, store: Store) -> tuple[Plan, Mapping[str, StoredStage]]:
    """Return `plan` with the training stages that the store holds in place of its own, and what these say of
    themselves, by key. Stages that the store has none for are left out, and so are their evaluations.

    Of several trainings that differ only in their verifiers the one counts of which most later phases are there; of
    equals one that was judged otherwise than today, for the other needs no rescoring; of these the last.
    """
    candidates = _candidates(plan, store)
    later = _later_phases(candidates)
    stages: dict[str, Stage] = {plan.base.key: plan.base}
    now: dict[str, str] = {plan.base.key: plan.base.key}
    found: dict[str, StoredStage] = {}
    for stage in plan.train_stages:
        parent = now.get(stage.parent)
        alike = candidates.get((parent, _likeness(stage.payload)), []) if parent is not None else []
        if parent is None or not alike:
            continue
        chosen = _chosen(alike, stage.key, later)
        now[stage.key] = chosen.key
        found[chosen.key] = chosen
        lineage = tuple(CheckpointRef(now[ref.stage], ref.step) for ref in stage.lineage)
        stages[chosen.key] = replace(
            stage,
            key=chosen.key,
            payload=chosen.payload,
            needs=tuple(dict.fromkeys([parent, *(ref.stage for ref in lineage[1:]), plan.base.key])),
            filed_as=chosen.title,
            lineage=lineage,
            pass_rates={},
        )
    for evaluation in plan.evaluations:
        ref = evaluation.checkpoint
        if ref.stage in now:
            moved = _moved(evaluation, CheckpointRef(now[ref.stage], ref.step), plan, _scorers(now[ref.stage], found))
            stages[moved.key] = moved
    runs = tuple(
        Run(run.curriculum, run.seed, run.strategy, tuple(now[key] for key in run.stages))
        for run in plan.runs
        if all(key in now for key in run.stages)
    )
    return Plan(plan.experiment, stages, plan.base, runs), found


def _candidates(plan: Plan, store: Store) -> dict[tuple[str | None, str], list[StoredStage]]:
    """Published training stages of the experiment, by their parent and what they are but for their judging."""
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
    """Return what counts the stored stages that go back to a stage."""
    children: dict[str | None, list[str]] = {}
    for (parent, _), group in candidates.items():
        children.setdefault(parent, []).extend(each.key for each in group)

    @cache
    def later(key: str) -> int:
        return sum(1 + later(child) for child in children.get(key, ()))

    return later


def _chosen(alike: Sequence[StoredStage], planned: str, later: Callable[[str], int]) -> StoredStage:
    return max(alike, key=lambda each: (later(each.key), each.key != planned, each.done.get("finished", 0)))


def _moved(
    evaluation: EvaluateStage, ref: CheckpointRef, plan: Plan, trained_under: Mapping[str, list[str]]
) -> EvaluateStage:
    """The evaluation of another checkpoint, from what is stored alone."""
    payload = {**evaluation.payload, "checkpoint": {"stage": ref.stage, "step": ref.step}}
    return replace(
        evaluation,
        key=fingerprint(payload),
        payload=payload,
        needs=tuple(dict.fromkeys([ref.stage, plan.base.key])),
        checkpoint=ref,
        rescored=True,
        trained_under=trained_under,
    )


def _scorers(key: str, found: Mapping[str, StoredStage]) -> dict[str, list[str]]:
    """The verifiers that a checkpoint's training went by, by domain, those of earlier phases too."""
    scorers: dict[str, list[str]] = {}
    while key in found:
        for domain, identity in found[key].payload["verifiers"].items():
            own = scorers.setdefault(domain, [])
            words = verifier_in_words(identity)
            own += [words] if words not in own else []
        key = found[key].payload["parent"]
    return scorers
