"""`grid run`: run, and say how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdomain.cli.render import count, duration, err
from xdomain.cli.run_watch import Watcher
from xdomain.cli.setup import Opened
from xdomain.config.execution import ResourcesConfig
from xdomain.core.errors import Interrupted, StageError, StoreError
from xdomain.plan.explain import narrow
from xdomain.plan.graph import Graph
from xdomain.schedule.events import RunOutcome
from xdomain.schedule.run import run_plan
from xdomain.store.experiments import note_experiment
from xdomain.store.store import Store
from xdomain.store.trained_overlap import refuse_trained_overlaps


def run_graph(graph: Graph, store: Store, jobs: int | None, *, as_json: bool = False) -> None:
    """Run what is not done, show how it goes, and end with the exit code that fits.

    Raises:
        DataError: a finished checkpoint would be evaluated on items that it was trained on.
        StageError: a stage failed.
        Interrupted: the user stopped it.
    """
    refuse_trained_overlaps(
        graph,
        store,
        finished=False,
        fix="Undo the change of its data or split, or train again in a new store (--store). `allow_overlap` of the "
        "domain that was trained on allows it.",
    )
    failed = run_to_end(graph, store, jobs, as_json=as_json).failed
    if failed:
        raise StageError(f"{count(len(failed), 'stage')} failed; everything that did not need them is done.")


def run_to_end(graph: Graph, store: Store, jobs: int | None, *, as_json: bool = False) -> RunOutcome:
    """Run what is not done, and show how it goes and what failed.

    Raises:
        Interrupted: the user stopped it.
    """
    watcher = Watcher(graph, store, as_json=as_json)
    with watcher:
        outcome = run_plan(graph, store, jobs, watcher.watch, watcher.start)
    watcher.ended(outcome)
    failed = [(graph.stages[key], failure) for key, failure in outcome.failed.items()]
    err.print(
        f"{count(len(outcome.ran), 'stage')} run, {len(outcome.reused)} already in the store, {len(failed)} failed, "
        f"{len(outcome.blocked)} blocked; {duration(watcher.seconds())}"
    )
    for stage, failure in failed:
        err.print(f"[red]failed[/] {stage.title}: {failure.message}\n  log: {failure.log}", soft_wrap=True)
    if outcome.interrupted:
        raise Interrupted("stopped; what was finished is in the store.", fix="The same command continues.")
    return outcome


def run_stages(opened: Opened, texts: Sequence[str], *, as_json: bool) -> None:
    """Run a few stages in this process, for another engine that does the scheduling.

    Raises:
        StoreError: what they read is not published.
        StageError: one failed.
    """
    graph = narrow(opened.plan, texts)
    done = opened.store.done(graph.inputs.values())
    for stage in graph.inputs.values():
        if stage.key not in done:
            raise StoreError(f'"{stage.title}", which it reads, is not published yet.', where=str(opened.store.root))
    opened.store.create()
    note_experiment(opened.store, opened.plan)
    # What a stage asks for the other engine has set aside.
    here = {"executor": "inline", "resources": ResourcesConfig()}
    execution = graph.setup.execution.model_copy(update=here)
    setup = graph.setup.model_copy(update={"execution": execution})
    run_graph(replace(graph, setup=setup), opened.store, None, as_json=as_json)
