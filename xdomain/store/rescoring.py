"""Plan a rescoring: which stored completions are judged again, and which evaluations are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdomain.core.errors import PlanError, StoreError
from xdomain.plan.explain import changes_in_words
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.identity import same_completions
from xdomain.plan.stage import EvaluateStage, StageKind, StageSpec
from xdomain.store.artifact import RECORDS, check_artifact
from xdomain.store.experiments import noted_experiments
from xdomain.store.lenders import DrawnAlike
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage, read_stage
from xdomain.store.trained_before import as_trained


@dataclass(frozen=True)
class Rescoring:
    """Stored evaluations of an experiment, before and after.

    Attributes:
        before: Stored checkpoints with their evaluations under the previous verifiers.
        after: The same checkpoints with their evaluations under the current verifiers.
        pairs: Keys of each evaluation in `before` and its counterpart in `after`.
        todo: Evaluations of `after` that are not published yet.
        absent: Titles of planned evaluations without any stored completions.
    """

    before: Plan
    after: Plan
    pairs: tuple[tuple[str, str], ...]
    todo: Graph
    absent: tuple[str, ...]


def plan_rescoring(plan: Plan, store: Store) -> Rescoring:
    """Find the stored evaluations of `plan` under any verifiers.

    Raises:
        PlanError: Prompts, items or sampling changed, so completions would have to be generated.
        StoreError: No evaluation of the experiment is stored.
        DamagedArtifact: Records that would be judged again are corrupt.
    """
    stored, _ = as_trained(plan, store)
    alike = DrawnAlike(store)
    done = store.done(stored.evaluations)
    before: dict[str, EvaluateStage] = {}
    unmatched: list[EvaluateStage] = []
    for stage in stored.evaluations:
        last = _last_judged(stage, alike)
        if last is not None and stage.key not in done:
            check_artifact(last.path, RECORDS)
        if last is not None:
            plain = replace(stage, rescored=False, base=None, trained_under={})
            before[stage.key] = replace(plain, key=last.key, payload=last.payload, filed_as=last.title)
        elif stage.key in done:
            before[stage.key] = stage
        else:
            unmatched.append(stage)
    _refuse_generating(plan, store, unmatched)
    if not before:
        raise StoreError(
            f'no evaluation of experiment "{plan.experiment.name}" was found in this store.',
            where=str(store.root),
            fix="Run `xdomain grid run` first, or name its store with --store.",
        )
    others: dict[str, StageSpec] = {
        key: stage for key, stage in stored.stages.items() if not isinstance(stage, EvaluateStage)
    }
    after = {stage.key: stage for stage in stored.evaluations if stage.key in before}
    todo: dict[str, StageSpec] = {key: stage for key, stage in after.items() if key not in done}
    needed = {need for stage in todo.values() for need in stage.needs}
    inputs = {key: stage for key, stage in others.items() if key in needed}
    own = {stage.key: stage for stage in before.values()}
    planned = {stage.title for stage in plan.evaluations}
    return Rescoring(
        before=Plan(plan.experiment, {**others, **own}, plan.base, stored.runs),
        after=Plan(plan.experiment, {**others, **after}, plan.base, stored.runs),
        pairs=tuple((old.key, new) for new, old in before.items()),
        todo=Graph(plan.experiment, todo, inputs=inputs),
        absent=tuple(sorted(planned - {stage.title for stage in after.values()})),
    )


def _last_judged(stage: EvaluateStage, alike: DrawnAlike) -> StoredStage | None:
    """Return the most recent stored evaluation with the same completions and another verifier."""
    found = [each for each in alike.of(stage.payload) if each.key != stage.key]
    found = [each for each in found if same_completions(each.payload, stage.payload)]
    return max(found, key=lambda each: each.done.get("finished", 0), default=None)


def _refuse_generating(plan: Plan, store: Store, unmatched: Sequence[EvaluateStage]) -> None:
    """Raise if an unmatched evaluation could only be made by generating completions.

    Raises:
        PlanError: The store holds completions for one of these checkpoints and domains, but with other settings.
    """
    if not unmatched:
        return
    asked: dict[tuple[str, int, str], StoredStage] = {}
    for stage in noted_experiments(store).get(plan.experiment.name, {}).values():
        found = read_stage(store.folder(stage)) if stage.kind is StageKind.EVALUATE else None
        if found is not None:
            asked[_asked(found.payload)] = found
    for stage in unmatched:
        other = asked.get(_asked(stage.payload))
        if other is not None:
            count = sum(_asked(each.payload) in asked for each in unmatched)
            what = " ".join(changes_in_words(other.payload, stage.payload))
            raise PlanError(
                f"{count} evaluation{'s' * (count > 1)} would need generation, which rescore never does. The first is "
                f'"{stage.title}". {what}',
                fix="Undo that change, or run `xdomain grid run` to generate the new completions.",
            )


def _asked(payload: Mapping[str, object]) -> tuple[str, int, str]:
    checkpoint, items = payload["checkpoint"], payload["items"]
    assert isinstance(checkpoint, Mapping)
    assert isinstance(items, Mapping)
    return checkpoint["stage"], checkpoint["step"], items["domain"]
