"""`xdomain eval`: any model or checkpoint on any domains, into the same records."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xdomain.cli.setup import BaseSettings, Json, Settings, StorePath, default_store

if TYPE_CHECKING:
    from xdomain.core.measurement import MeasuredGrid
    from xdomain.plan.graph import Graph
    from xdomain.store.store import Store
    from xdomain.store.trained_overlap import TrainedOverlap


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A stage of the store by title, folder or key (patterns allowed; STAGE@40 for an inner checkpoint), "
            "a model folder, a LoRA adapter's folder, a .gguf file, hub:ID@REVISION, or an endpoint "
            "https://HOST/v1#MODEL."
        ),
    ],
    domains: Annotated[str | None, typer.Option(help="Names or YAML files, with commas.")] = None,
    base: Annotated[str | None, typer.Option(help="A second model: report paired differences from it.")] = None,
    items: Annotated[int, typer.Option(min=1, help="Test items a domain.")] = 300,
    samples: Annotated[int, typer.Option(min=1, help="Completions an item.")] = 1,
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option("--top-p", help="Nucleus sampling.")] = 1.0,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Longest completion.")] = 256,
    seed: Annotated[int, typer.Option(help="Draws items and samples.")] = 0,
    backend: Annotated[
        str | None, typer.Option(help="transformers or vllm for weights; endpoint is chosen by MODEL.")
    ] = None,
    settings: Settings = None,
    base_settings: BaseSettings = None,
    threads: Annotated[int, typer.Option(min=1, help="Torch threads a worker.")] = 1,
    revision: Annotated[str | None, typer.Option(help="Of a hub model.")] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Checkpoints at once.")] = None,
    lm_eval: Annotated[
        str | None,
        typer.Option(
            help="In place of --domains: tasks of lm-evaluation-harness, with commas, which it runs itself. "
            "--items and --seed go to it; the tasks say how to sample."
        ),
    ] = None,
    lm_eval_args: Annotated[
        str, typer.Option(help="Further options of the harness: '--num_fewshot 5 --batch_size 16'.")
    ] = "",
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help="Also write a report's formats, or lm-eval, into --out. May be given several times."
        ),
    ] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Folder for --format.")] = None,
    allow_overlap: Annotated[
        bool, typer.Option("--allow-overlap", help="Also evaluate on items that the checkpoint was trained on.")
    ] = False,
    json_: Json = False,
    store: StorePath = None,
) -> None:
    """Evaluate a model or checkpoint; finished evaluations are never repeated."""
    from xdomain.analysis.analyse import analyse
    from xdomain.analysis.items import moved_items
    from xdomain.cli.eval_graph import domain_entries, evaluation_graph, settings_by_model
    from xdomain.cli.eval_run import FailedEvaluation, check_overlaps, failure, mark_failed, run_models
    from xdomain.cli.eval_view import LM_EVAL, for_models, show_result, without_base, write_results
    from xdomain.cli.generation_view import generation_of
    from xdomain.cli.lm_eval import harness_grid
    from xdomain.core.errors import ConfigError
    from xdomain.report.write import require_formats
    from xdomain.store.store import Store

    if (domains is None) == (lm_eval is None):
        raise ConfigError("give either --domains or --lm-eval.", where="xdomain eval")
    if (formats is None) != (out_folder is None):
        raise ConfigError("--format and --out go together.", where="xdomain eval")
    if base_settings and base is None:
        raise ConfigError("--base-set goes with --base.", where="xdomain eval")
    if lm_eval is not None and (settings or base_settings):
        raise ConfigError(
            "settings go with --domains.", where="--set, --base-set", fix="The harness takes --lm-eval-args."
        )
    require_formats(name for name in formats or () if name != LM_EVAL)
    opened = Store(store or default_store())
    models = [text for text in (base, model) if text]
    graphs: dict[str, Graph] = {}
    failed: list[FailedEvaluation] = []
    overlaps: list[TrainedOverlap] = []
    if domains is not None:
        evaluation: dict[str, Any] = {
            "items": items,
            "samples": samples,
            "temperature": temperature,
            "top_p": top_p,
            "seed": seed,
        }
        evaluation["max_completion_tokens"] = max_tokens
        for_all = ([f"evaluation.backend={backend}"] if backend is not None else []) + (settings or [])
        overrides = settings_by_model(opened, models, for_all, base, base_settings or [])
        data = {"evaluation": evaluation, "execution": {"threads": threads}}
        entries = domain_entries(domains)
        graphs = {text: evaluation_graph(opened, text, entries, data, revision, own) for text, own in overrides.items()}
        overlaps = check_overlaps(opened, graphs, allow_overlap=allow_overlap)
        graphs, failed = run_models(opened, graphs, base, jobs)
        grid = own_grid(opened, graphs, base, with_text=formats is not None or samples > 1)
    else:
        assert lm_eval is not None
        if LM_EVAL in (formats or ()):
            raise ConfigError("--lm-eval writes the harness's own files, which it names.", where="--format lm-eval")
        options = {"limit": items, "seed": seed, "extra": lm_eval_args}
        grid = harness_grid(opened, models, base, lm_eval, revision=revision, **options)
    result = for_models(analyse(grid)) if base is not None else without_base(analyse(grid))
    result = result.model_copy(update={"accuracy": mark_failed(result.accuracy, failed)})
    if out_folder is not None:
        write_results(result, grid, out_folder, formats or [])
    beside = {
        "base": base,
        "failed": [asdict(each) for each in failed],
        "trained_on": [asdict(each) for each in overlaps],
        "moved_items": moved_items(grid),
        "generation": generation_of(opened, graphs),
    }
    show_result(result, beside, as_json=json_, asked_items=items)
    if failed:
        raise failure(failed)


def own_grid(store: "Store", graphs: "dict[str, Graph]", base: str | None, *, with_text: bool) -> "MeasuredGrid":
    """Read the evaluations of all models."""
    from xdomain.cli.setup import left_out_of
    from xdomain.domains.build import build_domains
    from xdomain.domains.check import chance_levels, prompts
    from xdomain.store.query import compared_models

    setup = next(iter(graphs.values())).setup
    domains = build_domains(setup.domains, setup.domain_names)
    grid = compared_models(store, graphs, base, chance=chance_levels(domains), with_text=with_text)
    grid = replace(grid, description={**grid.description, **left_out_of(domains.values())})
    return replace(grid, prompts=prompts(domains)) if with_text else grid
