"""Load published evaluations in the form that the analysis uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from xdomain.config.run_id import BASE_RUN, RunId
from xdomain.core.errors import DamagedArtifact
from xdomain.core.parquet import read_records
from xdomain.core.records import RECORD_COLUMNS
from xdomain.plan.adopted import declaration
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.measurement import (
    UNRECORDED,
    DevChoice,
    Effort,
    EvaluatedCheckpoint,
    MeasuredGrid,
    StepTelemetry,
)
from xdomain.plan.merges import phases_below
from xdomain.plan.recipe_words import recipes_sentence
from xdomain.plan.run_cost import own_stages
from xdomain.plan.stage import CheckpointRef, PhaseStage, StageKind, TrainStage
from xdomain.store.artifact import REMAKE, check_artifact
from xdomain.store.efforts import stage_efforts
from xdomain.store.optional import Decisions, grown, stage_looks, unmonitored
from xdomain.store.predictions import read_predictions
from xdomain.store.store import Store

TEXT = ("completion", "answer", "gold", "reason", "backend", "reproducibility", "prefill")
COLUMNS_WITHOUT_TEXT = tuple(name for name in RECORD_COLUMNS if name not in TEXT)


def measured_grid(
    plan: Plan,
    store: Store,
    *,
    chance: Mapping[str, float | None],
    description: Mapping[str, Any],
    with_text: bool = False,
) -> MeasuredGrid:
    """Return the records of every published evaluation of `plan`, with each checkpoint's position in the grid.

    Args:
        plan: Plan of the experiment.
        store: The store.
        chance: Score of a constant or uniform answer, by domain; None if unknown.
        description: Description of the experiment, which reports show unchanged.
        with_text: Also read the completions, which the item browser needs.
    """
    refreshes, without_looks, plan = Decisions(plan, store).refreshes(), unmonitored(plan, store), grown(plan, store)
    experiment, engine = plan.experiment, plan.experiment.training.engine
    sentences = [engine.sentence() if engine else None, declaration(experiment), recipes_sentence(experiment)]
    sentences.append(without_looks)
    done = store.done(plan.stages.values())
    found = [stage for stage in plan.evaluations if stage.key in done]
    places = _places(plan, store, done, refreshes)
    evaluated = {stage.checkpoint.name for stage in found}
    paths = [store.open_artifact(stage) / "records.parquet" for stage in found]
    return MeasuredGrid(
        experiment=experiment.name,
        domains=experiment.domain_names,
        runs=plan.run_ids,
        seeds=experiment.seeds,
        checkpoints=tuple(place for name, place in places.items() if name in evaluated),
        records=read_records(paths, RECORD_COLUMNS if with_text else COLUMNS_WITHOUT_TEXT),
        missing=tuple(stage.title for stage in plan.evaluations if stage.key not in done),
        planned=len(plan.evaluations),
        chance=dict(chance),
        contrasts=experiment.analysis.contrasts,
        estimands=experiment.analysis.estimands,
        margin=experiment.analysis.margin,
        budget=experiment.training.budget,
        description=dict(description),
        statements=(*filter(None, sentences), *_alarms(plan, store, done)),
        declared=tuple(dict.fromkeys(stage.run for stage in plan.train_stages if stage.adopted)),
        predictions=read_predictions(store, plan),
    )


def _places(
    plan: Plan, store: Store, done: frozenset[str], refreshes: Mapping[str, Mapping[str, bool]]
) -> dict[str, EvaluatedCheckpoint]:
    model = plan.experiment.model.source[1]
    base = EvaluatedCheckpoint(plan.base.end.name, BASE_RUN, model=model)
    places = {base.checkpoint: base}
    spent: dict[CheckpointRef, Effort] = {}
    for stage in plan.phase_stages:
        summary = store.result(stage)["summary"] if stage.key in done else None
        own_efforts = {} if summary is None else stage_efforts(stage, summary, plan.experiment)
        before = Effort()
        for below in phases_below(stage, plan.stages):
            before = before.plus(spent.get(below, UNRECORDED))
        for ref in stage.checkpoints:
            places[ref.name] = EvaluatedCheckpoint(
                checkpoint=ref.name,
                run=stage.run,
                parent=stage.parent_run,
                seed=stage.seed,
                step=ref.step,
                is_end=ref.step == stage.steps,
                model=model,
                effort=before.plus(spent.setdefault(ref, own_efforts.get(ref, UNRECORDED))),
                displacement=summary.get("displacement") if summary and ref == stage.end else None,
                telemetry=_telemetry(store, stage) if summary and ref == stage.end else (),
                looks=stage_looks(store, stage) if summary and ref == stage.end else None,
                refreshes=refreshes.get(stage.key, {}) if ref == stage.end else {},
                choice=_choice(summary) if summary and ref == stage.end else None,
            )
    ends = {stage.key: stage.end for stage in plan.phase_stages}
    own = own_stages(plan)
    for run in plan.runs:
        added = Effort()
        for key in own[run.id, run.seed]:
            added = added.plus(spent[ends[key]])
        name = ends[run.stages[-1]].name
        places[name] = replace(places[name], added=added)
    return places


def _alarms(plan: Plan, store: Store, done: frozenset[str]) -> Iterator[str]:
    """Yield a sentence for each alarm of a published training stage."""
    for stage in plan.train_stages:
        if stage.key in done:
            yield from (f"Alarm in the training of {stage.title}: {alarm}." for alarm in store.gap_alarms(stage))


def _choice(summary: Mapping[str, Any]) -> DevChoice | None:
    """Return what a stage chose on dev items; None if it chose nothing."""
    if "choice" not in summary:
        return None
    choice = summary["choice"]
    return DevChoice(choice["value"], tuple((each["value"], each["mean"]) for each in choice["tried"]))


def _telemetry(store: Store, stage: PhaseStage) -> tuple[StepTelemetry, ...]:
    """Return the metrics of a mixed phase, one per step; () for other phases, and if none were recorded."""
    folder = store.folder(stage)
    path = folder / "metrics.jsonl"
    if not isinstance(stage, TrainStage) or not stage.phase.is_mixed or not path.exists():
        return ()
    check_artifact(folder, path.name)
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return tuple(
            StepTelemetry(
                cosine=line.get("gradients", {}).get("cosine", {}),
                gradient_share={name: each.get("gradient_share") for name, each in line.get("domains", {}).items()},
            )
            for line in lines
        )
    except (ValueError, AttributeError, RecursionError) as error:
        raise DamagedArtifact(f'"{path.name}" holds no metrics: {error}.', where=str(folder), fix=REMAKE) from error


def compared_runs(graphs: Mapping[str, Graph], base: str | None) -> dict[str, RunId]:
    """Return the row of each evaluated checkpoint in a comparison, by the checkpoint's name.

    A row is the base or a model. A model's label is its name in `graphs`, or the checkpoint's title if that name is a
    pattern that matches several checkpoints.

    Args:
        graphs: Evaluations of each model, by the name that the user gave to select it.
        base: Name of the model that serves as the base; None if there is none.
    """
    runs: dict[str, RunId] = {}
    for name, graph in graphs.items():
        found = {stage.checkpoint.name: stage for stage in graph.evaluations}
        for checkpoint, evaluation in found.items():
            made_by = graph.ref(evaluation.checkpoint.stage)
            title = made_by.title if made_by.kind is StageKind.BASE else evaluation.checkpoint_title
            run = BASE_RUN if name == base else RunId(model=name if len(found) == 1 else title)
            runs.setdefault(checkpoint, run)  # a pattern may match the base too
    return runs


def compared_models(
    store: Store,
    graphs: Mapping[str, Graph],
    base: str | None,
    *,
    chance: Mapping[str, float | None],
    failed: Mapping[tuple[RunId, str], str] | None = None,
    domains: tuple[str, ...] | None = None,
    with_text: bool = False,
) -> MeasuredGrid:
    """Return the records of models in a comparison. A model without any record becomes a row without numbers.

    Args:
        store: The store.
        graphs: Evaluations by name, see `compared_runs`.
        base: Name of the model that the others are compared with; None if there is none.
        chance: Score of a constant or uniform answer, by domain; None if unknown.
        failed: Reason why an evaluation has no records, by model and domain.
        domains: Evaluated domains in order; None takes those of the first graph.
        with_text: Also read the completions.
    """
    runs = compared_runs(graphs, base)
    evaluations = {stage.key: stage for graph in graphs.values() for stage in graph.evaluations}
    done = store.done(evaluations.values())
    found = [stage for key, stage in evaluations.items() if key in done]
    measured = {stage.checkpoint.name: stage for stage in reversed(found)}
    templates = {name: store.result(stage)["summary"].get("chat_template") for name, stage in measured.items()}
    places = [
        EvaluatedCheckpoint(name, run, effort=UNRECORDED, template=templates[name])
        for name, run in runs.items()
        if name in measured
    ]
    paths = [store.open_artifact(stage) / "records.parquet" for stage in found]
    return MeasuredGrid(
        experiment="eval",
        domains=domains or next(iter(graphs.values())).setup.domain_names,
        runs=tuple(dict.fromkeys(run for run in runs.values() if not run.is_base)),
        checkpoints=tuple(places),
        records=read_records(paths, RECORD_COLUMNS if with_text else (*COLUMNS_WITHOUT_TEXT, "gold")),
        missing=tuple(stage.title for key, stage in evaluations.items() if key not in done),
        failed=dict(failed or {}),
        chance=dict(chance),
    )
