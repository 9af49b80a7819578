"""Run observational studies: pairs of existing models, compared on groups of benchmarks."""

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
    """The result of a study.

    Attributes:
        result: Gains of each pair in and out of its domains, and accuracies.
        failed: Evaluations without records. Their cells in `result` give the reason.
        folder: Folder of the study's reports in the store.
    """

    result: PairResult
    failed: tuple[FailedEvaluation, ...]
    folder: Path

    def document(self) -> dict[str, Any]:
        """Return the result in the format of `xdomain study --json`."""
        return self.result.model_dump(mode="json") | {"failed": [each.document() for each in self.failed]}


def run_study(
    source: str | Path | StudyConfig,
    *,
    store: str | Path | Store | None = None,
    jobs: int | None = None,
    allow_overlap: bool = False,
    progress: Progress | None = None,
) -> StudyOutcome:
    """Evaluate pairs of base and tuned models, and compute the gains of the tuning in and out of its domains.

    Evaluations are those of `evaluate_model`. They can be resumed, and are not repeated.

    Args:
        source: Path of a study's YAML file, or a `StudyConfig`.
        store: Folder of the store; None for the study's store, or else $XDOMAIN_STORE, or else ./xdomain-store.
        jobs: Number of checkpoints that are evaluated at the same time.
        allow_overlap: Also evaluate on items that a checkpoint was trained on.
        progress: Called with each event (docs/reference/run-events.md).

    Raises:
        ConfigError: The file cannot be read, a value in it is wrong, or a model was not found or matches several
            checkpoints.
        DataError: Evaluated items overlap with those that a checkpoint was trained on.
        StageError: Every evaluation failed.
        Interrupted: The user stopped the session.
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
    """Plan the evaluations of one model, with one graph per number of samples.

    Raises:
        ConfigError: The model was not found, or matches several checkpoints.
    """
    if model in config.own_settings and stored_checkpoints(store, model):
        raise ConfigError(
            f'"{model}" is a checkpoint of the store, whose settings cannot be changed.',
            where="own_settings",
            fix="Remove its entry.",
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
