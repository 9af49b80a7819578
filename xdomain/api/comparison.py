"""Evaluate models from the store or elsewhere, and compare them with a base model."""

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
from xdomain.core.errors import ConfigError
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
    """Evaluate a model or checkpoint. Finished evaluations are not repeated.

    Args:
        model: A stage in the store by title, folder or key (patterns allowed; STAGE@40 for an inner checkpoint), a
            model folder, a LoRA adapter's folder, a .gguf file, hub:ID@REVISION, or an endpoint https://HOST/v1#MODEL.
        domains: Names and YAML files of domains.
        options: Settings of the evaluation.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.
        jobs: Number of checkpoints that are evaluated at the same time.
        progress: Called with each event (docs/reference/run-events.md).

    Returns:
        Accuracies and records. Failed evaluations are listed in `failed`.

    Raises:
        ConfigError: The model was not found, or an option cannot be used with it.
        DataError: Evaluated items overlap with those that the checkpoint was trained on.
        StageError: Every evaluation failed.
        Interrupted: The user stopped the session.
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
        models: Models as in `evaluate_model`.
        domains: Names and YAML files of domains.
        base: Model that the others are compared with; None for accuracies only.
        options: Settings of the evaluations.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.
        jobs: Number of checkpoints that are evaluated at the same time.
        progress: Called with each event (docs/reference/run-events.md).

    Returns:
        Accuracies, paired differences from the base model, and records. Failed evaluations are listed in `failed`.

    Raises:
        ConfigError: A model was not found, or an option can be used with none of the models.
        DataError: Evaluated items overlap with those that a checkpoint was trained on.
        StageError: Every evaluation failed.
        Interrupted: The user stopped the session.
    """
    opened, observer = as_store(store), as_observer(progress)
    named = _named(models, base, options)
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
    """Evaluate models on tasks of lm-evaluation-harness, and compare each with a base model.

    Args:
        models: Models as in `evaluate_model`.
        tasks: Tasks of the harness, separated by commas.
        base: Model that the others are compared with; None for accuracies only.
        options: Settings, of which `items`, `seed` and `revision` are used. The tasks define the sampling.
        arguments: Further options of the harness, as on a command line.
        store: Folder of the store; None for $XDOMAIN_STORE, or else ./xdomain-store.
        progress: Called with each event of stages that must be made first.

    Raises:
        ConfigError: A model was not found, or matches several checkpoints.
        DependencyMissing: The harness is not installed.
        StageError: The harness failed.
    """
    named = _named(models, base, options)
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


def _named(models: Sequence[str], base: str | None, options: EvaluationOptions) -> list[str]:
    """Return the models to evaluate, with the base model first."""
    if not models:
        raise ConfigError("no model is named.", where="models", fix="Name at least one to evaluate.")
    if options.base_settings and base is None:
        raise ConfigError(
            "they need a base model.", where="base_settings", fix="Name it as `base`, or leave its settings out."
        )
    return [text for text in (base, *models) if text]


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
