"""Evaluate every model that `xdomain eval` accepts on tasks of lm-evaluation-harness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xdomain.analysis.lm_eval import grid_of_models
from xdomain.api.running import RunObserver, run_graph
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import ConfigError
from xdomain.core.fingerprint import fingerprint
from xdomain.evaluate.harness import HarnessModel, checkpoint_model, harness_python, run_harness
from xdomain.plan.measurement import MeasuredGrid
from xdomain.plan.stage import StageRef
from xdomain.resolve.evaluations import evaluation_graph, stored_checkpoints
from xdomain.store.store import Store


def harness_grid(
    store: Store,
    models: Sequence[str],
    base: str | None,
    tasks: str,
    observer: RunObserver,
    *,
    revision: str | None,
    limit: int,
    seed: int,
    extra: str,
) -> MeasuredGrid:
    """Run the harness on every model, and combine its samples in one grid.

    Args:
        store: The store.
        models: Models to evaluate.
        base: Model that the others are compared with; None if there is none.
        tasks: Tasks of the harness, separated by commas.
        observer: Observes the stages that must be made first.
        revision: Revision of a hub model.
        limit: Number of documents per task. The first ones are used.
        seed: Seed of the harness.
        extra: Further options of the harness, as on a command line.
    """
    harness_python()  # fails early if the harness is not installed
    asked = {"tasks": tasks, "limit": limit, "seed": seed, "extra": extra}
    samples: dict[str, dict[str, Path]] = {}
    for text in models:
        model = harness_model(store, text, revision, observer)
        folder = store.reports("lm-eval") / fingerprint({"model": dict(model.arguments), **asked})[:16]
        observer.note(f"lm-evaluation-harness on {text}: {folder}")
        samples[text] = run_harness(model, tasks, folder, limit=limit, seed=seed, extra=extra)
    return grid_of_models("lm-eval", samples, base)


def harness_model(store: Store, text: str, revision: str | None, observer: RunObserver) -> HarnessModel:
    """Return the model that the harness loads for a name of `xdomain eval`. A model without a folder is stored first.

    Raises:
        ConfigError: The model was not found, or matches several checkpoints.
    """
    checkpoints: list[tuple[StageRef, int, str]] = [*stored_checkpoints(store, text)]
    if not checkpoints:
        graph = evaluation_graph(store, text, (), {}, revision)
        run_graph(graph, store, 1, observer)
        checkpoints = [(stage, 0, stage.title) for stage in graph.stages.values()]
    if len(checkpoints) != 1:
        raise ConfigError(f'"{text}" names {len(checkpoints)} checkpoints.', where="MODEL", fix="Name one: STAGE@40.")
    ((stage, step, _),) = checkpoints
    return checkpoint_model(checkpoint_folder(store.folder(stage), step))
