"""Run a rescoring and show what it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from xdomain.analysis.analyse import analyse
from xdomain.analysis.rescored import (
    CellChange,
    EvaluationJudged,
    RescoredChanges,
    accuracy_changes,
    flipped_findings,
    verdict_changes,
)
from xdomain.analysis.result import AnalysisResult, Cell
from xdomain.cli.render import count, err, out
from xdomain.cli.run_view import run_to_end
from xdomain.cli.setup import Opened, measure
from xdomain.core.errors import StageError
from xdomain.core.parquet import read_records
from xdomain.plan.explain import verifier_in_words
from xdomain.plan.stage import EvaluateStage
from xdomain.store.artifact import RECORDS
from xdomain.store.experiments import note_experiment
from xdomain.store.rescoring import Rescoring, plan_rescoring
from xdomain.store.store import Store

VERDICT_COLUMNS = ("checkpoint", "domain", "item_id", "sample", "outcome")


def rescore_experiment(opened: Opened, jobs: int | None) -> RescoredChanges:
    """Judge the stored completions of an experiment again and compare before and after.

    Raises:
        PlanError: Completions would have to be generated.
        StoreError: No evaluation of the experiment is stored.
        StageError: An evaluation failed.
    """
    store = opened.store
    if store.exists:
        store.create()  # builds the index of a store from an earlier version
    rescoring = plan_rescoring(opened.plan, store)
    note_experiment(store, rescoring.after)
    todo = rescoring.todo.evaluations
    if todo:
        failed = run_to_end(rescoring.todo, store, jobs).failed
        if failed:
            raise StageError(f"{count(len(failed), 'evaluation')} failed; finished ones are in the store.")
    before, after = (
        analyse(measure(Opened(opened.path, plan, store))) for plan in (rescoring.before, rescoring.after)
    )
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


def show(changes: RescoredChanges) -> None:
    """Print the tables."""
    out.print(
        f"{count(len(changes.evaluations), 'evaluation')} of {changes.experiment}, "
        f"{count(changes.completions, 'completion')} judged by the current verifiers; "
        f"{changes.generated_tokens} tokens generated",
        markup=False,
    )
    out.print(_verdict_table(changes))
    if changes.accuracies:
        out.print(_cell_table("Accuracies that change", changes.accuracies))
    if changes.flips:
        out.print(_cell_table("Conclusions that change", changes.flips))
    else:
        out.print("No conclusion changes.")
    for line in _trained(changes.evaluations):
        out.print(line, markup=False, soft_wrap=True)
    if changes.absent:
        err.print(f"{count(len(changes.absent), 'planned evaluation')} without stored completions.")


def _verdict_table(changes: RescoredChanges) -> Table:
    table = Table("domain", "before", "now", "completions", title="Verdicts", title_justify="left")
    for each in changes.verdicts:
        style = "dim" if each.before == each.after else None
        table.add_row(escape(each.domain), each.before, each.after, str(each.completions), style=style)
    return table


def _cell_table(title: str, cells: Iterable[CellChange]) -> Table:
    table = Table("matrix", "row", "column", "before", "now", title=title, title_justify="left")
    for each in cells:
        table.add_row(each.matrix, escape(each.row), escape(each.column), _words(each.before), _words(each.after))
    return table


def _words(cell: Cell) -> str:
    """Return a cell's estimate, interval and conclusion as text."""
    if cell.estimate is None:
        return escape(cell.note or "not measured")
    interval = "" if cell.low is None or cell.high is None else f" ({cell.low:.3f} to {cell.high:.3f})"
    equal = ", equivalent" if cell.equivalent else ""
    return f"{cell.estimate:.3f}{interval}" + (f" {cell.word}{equal}" if cell.word else "")


def _trained(evaluations: Sequence[EvaluationJudged]) -> list[str]:
    """Return one line per domain and pair of verifiers: in training, before and now."""
    found = Counter(
        (each.domain, " then ".join(each.trained_under.get(each.domain, ())), each.judged_before, each.judged_by)
        for each in evaluations
    )
    return [
        f"{domain}: {count(number, 'evaluation')} of checkpoints "
        + (f"trained under {trained}" if trained else "not trained on it")
        + f", judged before by {before}, now by {now}"
        for (domain, trained, before, now), number in found.items()
    ]
