"""`xdomain study`: pairs of models that others trained, on groups of benchmarks."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xdomain.cli.setup import Json, StorePath, default_store

if TYPE_CHECKING:
    from xdomain.analysis.pair_result import PairResult
    from xdomain.cli.eval_run import FailedEvaluation
    from xdomain.config.study import StudyConfig
    from xdomain.plan.graph import Graph
    from xdomain.store.store import Store


def study(
    file: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's YAML file.")],
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Checkpoints at once.")] = None,
    json_: Json = False,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of study.md [default: in the store].")
    ] = None,
    allow_overlap: Annotated[
        bool, typer.Option("--allow-overlap", help="Also evaluate on items that a checkpoint was trained on.")
    ] = False,
    store: StorePath = None,
) -> None:
    """Evaluate pairs of base and tuned models, and say what the tuning gained in and out of its domains.

    Evaluations are those of `xdomain eval`: resumable, and never repeated.
    """
    from xdomain.cli.eval_run import failure
    from xdomain.cli.render import err, out, print_json
    from xdomain.config.study import load_study
    from xdomain.core.files import write_atomic
    from xdomain.report.pairs import study_markdown, study_tables
    from xdomain.store.store import Store

    config = load_study(file)
    opened = Store(store or default_store(config.store))
    result, failed = run_study(config, opened, jobs, allow_overlap=allow_overlap)
    page = (out_folder or opened.reports(config.name)) / "study.md"
    write_atomic(page, study_markdown(result, command=shlex.join(["xdomain", *sys.argv[1:]])))
    err.print(f"markdown: {page}", soft_wrap=True)
    if json_:
        print_json(result.model_dump(mode="json") | {"failed": [each.shown() for each in failed]})
    else:
        for part in study_tables(result):
            out.print(part)
    if failed:
        raise failure(failed)


def run_study(
    config: "StudyConfig", store: "Store", jobs: int | None, *, allow_overlap: bool = False
) -> "tuple[PairResult, list[FailedEvaluation]]":
    """Evaluate what is missing and analyse what is there."""
    from xdomain.analysis.pairs import analyse_pairs
    from xdomain.cli.eval_run import check_overlaps, failed_cells, run_models
    from xdomain.domains.build import build_domains
    from xdomain.domains.check import chance_levels
    from xdomain.plan.graph import merge_graphs
    from xdomain.store.query import compared_models

    graphs = {model: merge_graphs(model_graphs(config, store, model)) for model in config.models}
    check_overlaps(store, graphs, allow_overlap=allow_overlap)
    graphs, failed = run_models(store, graphs, None, jobs)
    chance = chance_levels(build_domains(config.domains, config.benchmarks))
    reasons = failed_cells(failed)
    grid = compared_models(store, graphs, None, chance=chance, failed=reasons, domains=config.benchmarks)
    return analyse_pairs(grid, config), failed


def model_graphs(config: "StudyConfig", store: "Store", model: str) -> "list[Graph]":
    """The evaluations of one model, one graph for each number of samples.

    Raises:
        ConfigError: the model names nothing, or several checkpoints.
    """
    from xdomain.cli.eval_graph import evaluation_graph, stored_checkpoints
    from xdomain.core.errors import ConfigError

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


def by_samples(config: "StudyConfig") -> dict[int, list[Any]]:
    """Entries of `domains` by their number of samples."""
    found: dict[int, list[Any]] = {}
    for name, entry in zip(config.benchmarks, config.domains, strict=True):
        found.setdefault(config.samples.get(name, config.evaluation.samples), []).append(entry)
    return found
