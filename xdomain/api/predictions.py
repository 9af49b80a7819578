"""Predict cells of a grid before they are run, and store the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from xdomain.api.prediction_plan import inputs_of
from xdomain.api.running import RunObserver, run_experiment, run_graph
from xdomain.api.stored_answers import accuracy_of, answers_of
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.core.registry import load_attribute
from xdomain.domains.build import build_domains
from xdomain.plan.graph import Plan
from xdomain.plan.prediction_inputs import PredictionInputs
from xdomain.plan.predictions import TARGETS, PredictedCell, Prediction, Predictor, Target, predictable_cells
from xdomain.plan.stage import EvaluateStage
from xdomain.schedule.events import RunOutcome
from xdomain.store.artifact import check_checkpoint
from xdomain.store.predictions import read_predictions, write_predictions
from xdomain.store.store import Store

MOST_COMPLETIONS = 256
"""Largest number of completions of the base model per domain that gradients and prompt similarity use."""

Pairs = dict[tuple[str, str], float]


def predict_and_run(
    plan: Plan, store: Store, observer: RunObserver, jobs: int | None = None, stages: Sequence[str] = ()
) -> RunOutcome:
    """Predict the cells of an experiment with predictors, and run its stages. Arguments: see `run_experiment`.

    Single stages of another engine are run without predictions.

    Raises:
        XDomainError: See `predict_first` and `run_experiment`.
    """
    if not stages:
        predict_first(plan, store, observer, jobs)
    return run_experiment(plan, store, observer, jobs, stages)


def predict_first(plan: Plan, store: Store, observer: RunObserver, jobs: int | None = None) -> None:
    """Run what the predictors of an experiment read, and store their predictions, unless they are stored already.

    Nothing happens if the experiment has no predictors. Predictors read single runs and evaluations on dev items, but
    no evaluation of the report.

    Raises:
        PlanError: Nothing can be predicted, the report is measured on dev items, or a domain has no dev items.
        DependencyMissing: The training packages are not installed.
        StageError: A stage failed.
        StoreError: The record cannot be written, or was changed.
        Interrupted: The user stopped the session.
    """
    if not plan.experiment.analysis.predictors or read_predictions(store, plan) is not None:
        return
    inputs = inputs_of(plan)
    assert inputs is not None
    if any(find_spec(name) is None for name in ("torch", "transformers")):
        raise DependencyMissing("transformers is not installed.", fix=install_command("train"))
    cells = predictable_cells(plan)
    before = store.done(plan.evaluations)
    observer.note(f"Predictors: what they read is run first, then {len(cells)} cells are predicted.")
    run_graph(inputs.graph, store, jobs, observer)
    observer.note(f"Predicting {len(cells)} cells, which takes a few minutes if gradients are measured.")
    values, notes = _values(plan, store, inputs)
    predictions = [
        Prediction(
            predictor,
            target,
            tuple(
                PredictedCell(*cell.pair, values[predictor, target][cell.pair], bool(before & {*cell.evaluations}))
                for cell in cells
                if cell.target is target and cell.pair in values[predictor, target]
            ),
            notes.get(predictor, ""),
        )
        for predictor in dict.fromkeys(map(Predictor, plan.experiment.analysis.predictors))
        for target in TARGETS[predictor]
    ]
    record = write_predictions(store, plan, list(inputs.graph.stages), [each for each in predictions if each.cells])
    observer.note(f"Predictions are stored (digest {record.digest[:16]}). Now the rest of the grid is run.")


def _values(
    plan: Plan, store: Store, inputs: PredictionInputs
) -> tuple[dict[tuple[Predictor, Target], Pairs], dict[Predictor, str]]:
    """Return the predictions by ordered pair of domains, and a note per predictor."""
    predictors = set(plan.experiment.analysis.predictors)
    values: dict[tuple[Predictor, Target], Pairs] = {}
    notes: dict[Predictor, str] = {}
    if Predictor.ADDITIVE_MERGE in predictors:
        values[Predictor.ADDITIVE_MERGE, Target.RETENTION] = _additive(store, inputs)
    if not predictors & {Predictor.FIRST_ORDER_TRANSFER, Predictor.PROMPT_SIMILARITY}:
        return values, notes
    domains = build_domains(plan.experiment.domains, inputs.base)
    stored = {name: store.find(stage.key)[0] for name, stage in inputs.base.items()}
    try:
        answers = [answers_of(domains[name], each, each, MOST_COMPLETIONS) for name, each in stored.items()]
    finally:
        for domain in domains.values():
            domain.close()
    # Loaded by name, because this package must not import torch.
    found = load_attribute("xdomain.diagnosis.predictors:measure_predictors")(
        _folder(store, plan.base.key, plan.base.end.step),
        answers,
        {name: [_folder(store, end.key, end.end.step) for end in ends] for name, ends in inputs.singles.items()},
        first_order=Predictor.FIRST_ORDER_TRANSFER in predictors,
        similarity=Predictor.PROMPT_SIMILARITY in predictors,
    )
    # Transfer is (trained, evaluated). Retention is (kept, then trained), so the pair is turned around.
    values[Predictor.FIRST_ORDER_TRANSFER, Target.TRANSFER] = found.first_order
    values[Predictor.FIRST_ORDER_TRANSFER, Target.RETENTION] = {
        (kept, trained): value for (trained, kept), value in found.first_order.items()
    }
    values[Predictor.PROMPT_SIMILARITY, Target.TRANSFER] = found.similarity
    values[Predictor.PROMPT_SIMILARITY, Target.RETENTION] = found.similarity
    if found.reliability:
        agree = ", ".join(f"{name} {value:.2f}" for name, value in found.reliability.items())
        notes[Predictor.FIRST_ORDER_TRANSFER] = f"Split-half reliability of the gradients: {agree}."
    return values, notes


def _additive(store: Store, inputs: PredictionInputs) -> Pairs:
    """Return the accuracy of the sum of two single runs on the first domain, minus that of its single run."""
    own = {key: _accuracy(store, stage) for key, stage in inputs.own.items()}
    by_pair: dict[tuple[str, str], list[float]] = {}
    for (first, second, seed), stage in inputs.merged.items():
        merged, single = _accuracy(store, stage), own[first, seed]
        if merged is not None and single is not None:
            by_pair.setdefault((first, second), []).append(merged - single)
    return {pair: sum(changes) / len(changes) for pair, changes in by_pair.items()}


def _accuracy(store: Store, stage: EvaluateStage) -> float | None:
    (stored,) = store.find(stage.key)
    return accuracy_of(stored)


def _folder(store: Store, key: str, step: int) -> Path:
    """Return the folder of a checkpoint, after comparing its files' digests."""
    (stage,) = store.find(key)
    folder = checkpoint_folder(stage.path, step)
    check_checkpoint(folder)
    return folder
