"""Pairs of models that others trained, on groups of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.analysis.pair_result import PairResult
from xdomain.analysis.pairs import analyse_pairs
from xdomain.api.model_runs import FailedEvaluation, check_overlaps, reasons, run_models
from xdomain.api.run_events import Progress, as_observer
from xdomain.api.stores import as_store
from xdomain.config.domain import DomainConfig
from xdomain.config.study import StudyConfig, load_study
from xdomain.core.errors import ConfigError
from xdomain.domains.build import build_domains
from xdomain.domains.check import chance_levels
from xdomain.plan.graph import Graph, merge_graphs
from xdomain.resolve.evaluations import evaluation_graph, stored_checkpoints
from xdomain.store.query import compared_models
from xdomain.store.store import Store


@dataclass(frozen=True)
class StudyOutcome:
    """What a study found.

    Attributes:
        result: gains of each pair in and out of its domains, and the accuracies.
        failed: evaluations without records; their cells in `result` say why.
        folder: folder of the study's reports in its store.
    """

    result: PairResult
    failed: tuple[FailedEvaluation, ...]
    folder: Path

    def document(self) -> dict[str, Any]:
        """Return everything as `xdomain study --json` prints it."""
        return self.result.model_dump(mode="json") | {"failed": [each.document() for each in self.failed]}


def run_study(
    source: str | Path | StudyConfig,
    *,
    store: str | Path | Store | None = None,
    jobs: int | None = None,
    allow_overlap: bool = False,
    progress: Progress | None = None,
) -> StudyOutcome:
    """Evaluate pairs of base and tuned models, and compute what the tuning gained in and out of its domains.

    Evaluations are those of `evaluate_model`: resumable, and never repeated.

    Args:
        source: path of a study's YAML file, or a `StudyConfig`.
        store: run directory; None for the study's own, else $XDOMAIN_STORE, else ./xdomain-store.
        jobs: number of checkpoints at once.
        allow_overlap: also evaluate on items that a checkpoint was trained on.
        progress: is called with each event (docs/reference/run-events.md).

    Raises:
        ConfigError: the file or a value in it is wrong, or a model names nothing or several checkpoints.
        DataError: items overlap with those that a checkpoint was trained on.
        StageError: every evaluation failed.
        Interrupted: the user stopped it.
    """
    config = source if isinstance(source, StudyConfig) else load_study(Path(source))
    opened, observer = as_store(store, config.store), as_observer(progress)
    graphs = {model: merge_graphs(model_graphs(config, opened, model)) for model in config.models}
    check_overlaps(opened, graphs, observer, allow_overlap=allow_overlap)
    graphs, failed = run_models(opened, graphs, None, jobs, observer)
    chance = chance_levels(build_domains(config.domains, config.benchmarks))
    told = reasons(failed)
    grid = compared_models(opened, graphs, None, chance=chance, failed=told, domains=config.benchmarks)
    return StudyOutcome(analyse_pairs(grid, config), tuple(failed), opened.reports(config.name))


def model_graphs(config: StudyConfig, store: Store, model: str) -> list[Graph]:
    """Plan the evaluations of one model, one graph for each number of samples.

    Raises:
        ConfigError: the model names nothing, or several checkpoints.
    """
    if model in config.own_settings and stored_checkpoints(store, model):
        raise ConfigError(
            f'"{model}" is a checkpoint of the store, which is as it was made.',
            where="own_settings",
            fix="Leave its entry out.",
        )
    text, revision = model, None
    if model.startswith("hub:"):
        text, _, pinned = model.partition("@")
        revision = pinned or None
    graphs = []
    for samples, entries in by_samples(config).items():
        evaluation = config.evaluation.model_dump(exclude_unset=True) | {"samples": samples}
        execution = config.execution.model_dump(exclude_unset=True)
        settings = {"model": config.settings_of(model), "evaluation": evaluation, "execution": execution}
        graphs.append(evaluation_graph(store, text, entries, settings, revision))
    checkpoints = {stage.checkpoint for graph in graphs for stage in graph.evaluations}
    if len(checkpoints) != 1:
        raise ConfigError(
            f'"{model}" names {len(checkpoints)} checkpoints.', where="pairs", fix="Name one, with its step: STAGE@40."
        )
    return graphs


def by_samples(config: StudyConfig) -> dict[int, list[str | DomainConfig]]:
    """Return the entries of `domains` by their number of samples."""
    found: dict[int, list[str | DomainConfig]] = {}
    for name, entry in zip(config.benchmarks, config.domains, strict=True):
        found.setdefault(config.samples.get(name, config.evaluation.samples), []).append(entry)
    return found
