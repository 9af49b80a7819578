"""Judge stored completions again, and compare the results before and after."""

from __future__ import annotations

from pathlib import Path

from xdomain.analysis.analyse import analyse
from xdomain.analysis.rescored import (
    EvaluationJudged,
    RescoredChanges,
    accuracy_changes,
    flipped_findings,
    verdict_changes,
)
from xdomain.analysis.result import AnalysisResult
from xdomain.api.measuring import measure
from xdomain.api.running import RunObserver, run_to_end
from xdomain.core.errors import StageError
from xdomain.core.parquet import read_records
from xdomain.core.words import count
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.graph import Plan
from xdomain.plan.stage import EvaluateStage
from xdomain.store.artifact import RECORDS
from xdomain.store.experiments import note_experiment
from xdomain.store.optional import grown
from xdomain.store.rescoring import Rescoring, plan_rescoring
from xdomain.store.store import Store

VERDICT_COLUMNS = ("checkpoint", "domain", "item_id", "sample", "outcome")


def rescore_experiment(
    plan: Plan, store: Store, path: Path | None, observer: RunObserver, jobs: int | None
) -> RescoredChanges:
    """Judge the stored completions of an experiment again, and compare the results before and after.

    Args:
        plan: Plan of the experiment.
        store: The store.
        path: File of the experiment.
        observer: Observer of the session.
        jobs: Number of checkpoints that are judged at the same time.

    Raises:
        PlanError: Completions would have to be generated.
        StoreError: No evaluation of the experiment is stored.
        StageError: An evaluation failed.
    """
    if store.exists:
        store.create()  # builds the index of a store from an earlier version
    rescoring = plan_rescoring(grown(plan, store), store)
    note_experiment(store, rescoring.after)
    if rescoring.todo.evaluations:
        failed = run_to_end(rescoring.todo, store, jobs, observer).failed
        if failed:
            raise StageError(f"{count(len(failed), 'evaluation')} failed; finished ones are in the store.")
    before, after = (analyse(measure(each, store, path)) for each in (rescoring.before, rescoring.after))
    return _changes(rescoring, store, before, after)


def _changes(rescoring: Rescoring, store: Store, before: AnalysisResult, after: AnalysisResult) -> RescoredChanges:
    old = {stage.key: stage for stage in rescoring.before.evaluations}
    new = {stage.key: stage for stage in rescoring.after.evaluations}
    done = [store.result(stage)["summary"] for stage in rescoring.todo.evaluations]
    records = [
        read_records([store.open_artifact(stage) / RECORDS for stage in stages], VERDICT_COLUMNS)
        for stages in (old.values(), new.values())
    ]
    return RescoredChanges(
        experiment=rescoring.after.experiment.name,
        evaluations=tuple(_judged(old[first], new[second]) for first, second in rescoring.pairs),
        completions=len(records[1]),
        generated_tokens=sum(summary["generated"]["completion_tokens"] or 0 for summary in done),
        absent=rescoring.absent,
        verdicts=verdict_changes(*records),
        accuracies=accuracy_changes(before, after),
        flips=flipped_findings(before, after),
    )


def _judged(before: EvaluateStage, after: EvaluateStage) -> EvaluationJudged:
    return EvaluationJudged(
        title=after.title,
        key=after.key,
        domain=after.domain,
        trained_under={name: list(scorers) for name, scorers in after.trained_under.items()},
        judged_before=verifier_in_words(before.payload["verifier"]),
        judged_by=verifier_in_words(after.payload["verifier"]),
    )
