"""Tasks of lm-evaluation-harness on any model that `xdomain eval` takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xdomain.analysis.lm_eval import grid_of_models
from xdomain.api.running import RunObserver, run_graph
from xdomain.core.errors import ConfigError
from xdomain.core.fingerprint import fingerprint
from xdomain.evaluate.harness import HarnessModel, checkpoint_model, harness_python, run_harness
from xdomain.models.layout import checkpoint_folder
from xdomain.plan.graph import Graph
from xdomain.plan.measurement import MeasuredGrid
from xdomain.plan.stage import StageKind
from xdomain.resolve.evaluations import evaluation_graph
from xdomain.store.store import Store


def harness_grid(
    store: Store,
    models: Sequence[str],
    base: str | None,
    tasks: str,
    observer: RunObserver,
    *,
    revision: str | None,
    **options: Any,
) -> MeasuredGrid:
    """Run the harness on every model, and read its samples side by side.

    Args:
        options: `limit`, `seed` and `extra` of `run_harness`.
    """
    harness_python()  # before anything is prepared
    samples: dict[str, dict[str, Path]] = {}
    for text in models:
        model = harness_model(store, text, revision, observer)
        folder = (
            store.reports("lm-eval") / fingerprint({"model": dict(model.arguments), "tasks": tasks, **options})[:16]
        )
        observer.note(f"lm-evaluation-harness on {text}: {folder}")
        samples[text] = run_harness(model, tasks, folder, **options)
    return grid_of_models("lm-eval", samples, base)


def harness_model(store: Store, text: str, revision: str | None, observer: RunObserver) -> HarnessModel:
    """What the harness loads for a model that `xdomain eval` names; what is no folder yet is made one.

    Raises:
        ConfigError: it names nothing, or several checkpoints.
    """
    # Some domain stands in the plan, because every plan has one; none is evaluated.
    graph = evaluation_graph(store, text, ["math"], {}, revision)
    checkpoints = {stage.checkpoint for stage in graph.evaluations}
    if len(checkpoints) != 1:
        raise ConfigError(f'"{text}" names {len(checkpoints)} checkpoints.', where="MODEL", fix="Name one: STAGE@40.")
    alone = {key: stage for key, stage in graph.stages.items() if stage.kind is not StageKind.EVALUATE}
    run_graph(Graph(graph.experiment, alone), store, 1, observer)
    (checkpoint,) = checkpoints
    return checkpoint_model(checkpoint_folder(store.folder(graph.stages[checkpoint.stage]), checkpoint.step))
