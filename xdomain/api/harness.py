"""Tasks of lm-evaluation-harness on any model that `xdomain eval` takes."""

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
    """Run the harness on every model, and read its samples side by side.

    Args:
        limit: documents of each task, the first.
        extra: further options of the harness, as they would be typed.
    """
    harness_python()  # before anything is prepared
    asked = {"tasks": tasks, "limit": limit, "seed": seed, "extra": extra}
    samples: dict[str, dict[str, Path]] = {}
    for text in models:
        model = harness_model(store, text, revision, observer)
        folder = store.reports("lm-eval") / fingerprint({"model": dict(model.arguments), **asked})[:16]
        observer.note(f"lm-evaluation-harness on {text}: {folder}")
        samples[text] = run_harness(model, tasks, folder, limit=limit, seed=seed, extra=extra)
    return grid_of_models("lm-eval", samples, base)


def harness_model(store: Store, text: str, revision: str | None, observer: RunObserver) -> HarnessModel:
    """Return what the harness loads for a model that `xdomain eval` names; a model without a folder gets one.

    Raises:
        ConfigError: it names nothing, or several checkpoints.
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
