"""Evaluate models, of the store or from outside of it, and compare them with a base model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from xdomain.analysis.analyse import analyse
from xdomain.api.evaluation import Evaluation, EvaluationOptions
from xdomain.api.generation import generation_of
from xdomain.api.harness import harness_grid
from xdomain.api.measuring import left_out_of
from xdomain.api.model_runs import FailedEvaluation, check_overlaps, reasons, run_models
from xdomain.api.run_events import Progress, as_observer
from xdomain.api.stores import as_store
from xdomain.config.domain import DomainConfig
from xdomain.domains.build import build_domains
from xdomain.domains.check import chance_levels, prompts
from xdomain.plan.graph import Graph
from xdomain.plan.measurement import MeasuredGrid
from xdomain.resolve.evaluations import domain_entries, evaluation_graph, settings_by_model
from xdomain.store.query import compared_models
from xdomain.store.store import Store

Domains = str | Path | Iterable[str | Path | DomainConfig]
DEFAULTS = EvaluationOptions()


def evaluate_model(
    model: str,
    domains: Domains,
    options: EvaluationOptions = DEFAULTS,
    *,
    store: str | Path | Store | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate a model or checkpoint; finished evaluations are never repeated.

    Args:
        model: a stage of the store by title, folder or key (patterns allowed; STAGE@40 for an inner checkpoint), a
            model folder, a LoRA adapter's folder, a .gguf file, hub:ID@REVISION, or an endpoint https://HOST/v1#MODEL.
        domains: names and YAML files of domains.
        store: run directory; None for $XDOMAIN_STORE, else ./xdomain-store.
        jobs: number of checkpoints at once.
        progress: is called with each event (docs/reference/run-events.md).

    Returns:
        Accuracies and records. Evaluations that failed are listed in `failed`.

    Raises:
        ConfigError: the model names nothing, or an option does not fit it.
        DataError: items overlap with those that the checkpoint was trained on.
        StageError: every evaluation failed.
        Interrupted: the user stopped it.
    """
    return compare_models([model], domains, None, options, store=store, jobs=jobs, progress=progress)


def compare_models(
    models: Sequence[str],
    domains: Domains,
    base: str | None = None,
    options: EvaluationOptions = DEFAULTS,
    *,
    store: str | Path | Store | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate several models on the same items, and compare each with a base model.

    All evaluations run in one session, so models share workers and engines.

    Args:
        models: models as in `evaluate_model`.
        domains: names and YAML files of domains.
        base: the model that the others are compared with; None for accuracies only.
        store: run directory; None for $XDOMAIN_STORE, else ./xdomain-store.
        jobs: number of checkpoints at once.
        progress: is called with each event (docs/reference/run-events.md).

    Returns:
        Accuracies, paired differences from the base, and records. Evaluations that failed are listed in `failed`.

    Raises:
        ConfigError: a model names nothing, or an option does not fit any of them.
        DataError: items overlap with those that a checkpoint was trained on.
        StageError: every evaluation failed.
        Interrupted: the user stopped it.
    """
    opened, observer = as_store(store), as_observer(progress)
    named = [text for text in (base, *models) if text]
    for_all = [f"evaluation.backend={options.backend}"] if options.backend is not None else []
    overrides = settings_by_model(opened, named, [*for_all, *options.settings], base, options.base_settings)
    entries, sections = domain_entries(domains), options.sections()
    graphs = {
        text: evaluation_graph(opened, text, entries, sections, options.revision, own)
        for text, own in overrides.items()
    }
    overlaps = check_overlaps(opened, graphs, observer, allow_overlap=options.allow_overlap)
    graphs, failed = run_models(opened, graphs, base, jobs, observer)
    grid = _grid_of(opened, graphs, base, failed, with_text=options.with_text or options.samples > 1)
    return Evaluation(analyse(grid), grid, base, tuple(failed), tuple(overlaps), generation_of(opened, graphs))


def compare_in_harness(
    models: Sequence[str],
    tasks: str,
    base: str | None = None,
    options: EvaluationOptions = DEFAULTS,
    *,
    arguments: str = "",
    store: str | Path | Store | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Let lm-evaluation-harness evaluate models on its own tasks, and compare each with a base model.

    Args:
        models: models as in `evaluate_model`.
        tasks: tasks of the harness, with commas.
        base: the model that the others are compared with; None for accuracies only.
        options: `items`, `seed` and `revision` are used; the tasks say how to sample.
        arguments: further options of the harness, as on a command line.
        store: run directory; None for $XDOMAIN_STORE, else ./xdomain-store.
        progress: is called with each event of stages that must be made first.

    Raises:
        ConfigError: a model names nothing, or several checkpoints.
        DependencyMissing: the harness is not installed.
        StageError: the harness failed.
    """
    named = [text for text in (base, *models) if text]
    grid = harness_grid(
        as_store(store),
        named,
        base,
        tasks,
        as_observer(progress),
        revision=options.revision,
        limit=options.items,
        seed=options.seed,
        extra=arguments,
    )
    return Evaluation(analyse(grid), grid, base)


def _grid_of(
    store: Store,
    graphs: Mapping[str, Graph],
    base: str | None,
    failed: Sequence[FailedEvaluation],
    *,
    with_text: bool,
) -> MeasuredGrid:
    """Read the evaluations of all models."""
    setup = next(iter(graphs.values())).setup
    domains = build_domains(setup.domains, setup.domain_names)
    grid = compared_models(
        store, graphs, base, chance=chance_levels(domains), failed=reasons(failed), with_text=with_text
    )
    grid = replace(grid, description={**grid.description, **left_out_of(domains.values())})
    return replace(grid, prompts=prompts(domains)) if with_text else grid
