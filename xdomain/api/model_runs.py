"""Run the evaluations of several models in one session, and report which failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdomain.api.running import RunObserver, run_to_end
from xdomain.config.run_id import RunId
from xdomain.core.errors import StageError, StoreError
from xdomain.core.words import count
from xdomain.plan.graph import Graph, merge_graphs
from xdomain.plan.stage import EvaluateStage, StageKind, StageSpec
from xdomain.store.query import compared_runs
from xdomain.store.store import Store
from xdomain.store.trained_overlap import TrainedOverlap, find_trained_overlaps, refuse_trained_overlaps


@dataclass(frozen=True)
class FailedEvaluation:
    """An evaluation without records, and the reason.

    Attributes:
        model: Row of the matrix that lacks the evaluation.
    """

    model: RunId
    domain: str
    reason: str
    log: str

    def document(self) -> dict[str, str]:
        """Return the entry of this evaluation in the output of `--json`."""
        return {"model": str(self.model), "domain": self.domain, "reason": self.reason, "log": self.log}


def run_models(
    store: Store, graphs: Mapping[str, Graph], base: str | None, jobs: int | None, observer: RunObserver
) -> tuple[dict[str, Graph], list[FailedEvaluation]]:
    """Run the missing evaluations of every model.

    All run in one session, so that models share workers and engines, and none has to wait until another is finished.

    Returns:
        The graphs with evaluations titled by their models, and the evaluations that failed.

    Raises:
        StageError: All evaluations failed.
        Interrupted: The user stopped the session.
    """
    named = named_by_model(graphs)
    merged = merge_graphs(list(named.values()))
    outcome = run_to_end(merged, store, jobs, observer)
    runs = compared_runs(named, base)
    failed = []
    for stage in merged.evaluations:
        why = next((outcome.failed[key] for key in (stage.key, *stage.needs) if key in outcome.failed), None)
        if why is not None:
            failed.append(FailedEvaluation(runs[stage.checkpoint.name], stage.domain, why.message, why.log))
    if len(failed) == len(merged.evaluations):
        raise failure(failed)
    return named, failed


def check_overlaps(
    store: Store, graphs: Mapping[str, Graph], observer: RunObserver, *, allow_overlap: bool
) -> list[TrainedOverlap]:
    """Refuse to evaluate checkpoints of the store on items that they were trained on, or warn if it is allowed.

    Returns:
        The overlaps that `allow_overlap` permits.

    Raises:
        DataError: Items overlap, and neither `allow_overlap` nor the domain that was trained on allows it.
        StoreError: The store does not say what a checkpoint was trained on, and `allow_overlap` is false.
    """
    graph = merge_graphs(list(graphs.values()))
    if not allow_overlap:
        fix = "Evaluate items that it was not trained on, or add --allow-overlap to evaluate these with a warning."
        refuse_trained_overlaps(graph, store, finished=True, fix=fix)
        return []
    try:
        overlaps = find_trained_overlaps(graph, store, finished=True)
    except StoreError as error:
        observer.warn(f"overlap is unknown: {error.paragraph()}")
        return []
    for overlap in overlaps:
        observer.warn(overlap.sentence())
    return overlaps


def reasons(failed: Sequence[FailedEvaluation]) -> dict[tuple[RunId, str], str]:
    """Return why cells have no number, by model and domain."""
    return {(each.model, each.domain): each.reason for each in failed}


def failure(failed: Sequence[FailedEvaluation]) -> StageError:
    """Return the error of a command of which some evaluations failed."""
    return StageError(f"{count(len(failed), 'evaluation')} failed; everything that did not need them is done.")


def named_by_model(graphs: Mapping[str, Graph]) -> dict[str, Graph]:
    """Return the graphs in which evaluations of base models are titled by the model ("SmolLM2 on math").

    Their folders keep the names that a grid uses ("base on math"), so that grids and this command share evaluations.
    """
    read = {key: ref for graph in graphs.values() for key, ref in {**graph.inputs, **graph.stages}.items()}
    bases = {key: ref for key, ref in read.items() if ref.kind is StageKind.BASE}
    names = {key: stage.title.removeprefix("base ") for key, stage in bases.items()}
    alike = Counter(names.values())
    names |= {key: f"{name} {key[:12]}" for key, name in names.items() if alike[name] > 1}

    def named(stage: StageSpec) -> StageSpec:
        if not isinstance(stage, EvaluateStage) or stage.checkpoint.stage not in names:
            return stage
        name = names[stage.checkpoint.stage]
        title = f"{name} on {stage.domain}"
        return replace(stage, title=title, checkpoint_title=name, filed_as=stage.filed_as or stage.title)

    return {
        text: replace(graph, stages={key: named(stage) for key, stage in graph.stages.items()})
        for text, graph in graphs.items()
    }
