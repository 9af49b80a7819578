"""`xdomain eval`: evaluate any model or checkpoint on any domains."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.comparison import compare_in_harness, compare_models
from xdomain.api.evaluation import EvaluationOptions
from xdomain.api.model_runs import failure
from xdomain.cli.eval_view import LM_EVAL, show_evaluation, write_evaluation
from xdomain.cli.grid.watch import Watcher
from xdomain.cli.options import BaseSettings, CheckpointJobs, Json, Settings, StorePath, complete_stage
from xdomain.cli.render import next_step, print_json
from xdomain.core.errors import ConfigError
from xdomain.report.write import require_formats

Model = Annotated[
    str,
    typer.Argument(
        help="A stage in the store by title, folder or key (patterns allowed; STAGE@40 for an inner checkpoint), "
        "a model folder, a LoRA adapter's folder, a .gguf file, hub:ID@REVISION, or an endpoint "
        "https://HOST/v1#MODEL.",
        autocompletion=complete_stage,
    ),
]
Domains = Annotated[
    str | None, typer.Option(help="Names, and YAML files of domains or experiments, separated by commas.")
]
Base = Annotated[str | None, typer.Option(help="Model that MODEL is compared with, item by item.")]
Items = Annotated[int, typer.Option(min=1, help="Test items per domain.")]
Samples = Annotated[int, typer.Option(min=1, help="Completions per item.")]
Temperature = Annotated[float, typer.Option(min=0, help="Sampling temperature; 0 is greedy.")]
TopP = Annotated[float, typer.Option("--top-p", help="Nucleus sampling.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", min=1, help="Longest completion.")]
Seed = Annotated[int, typer.Option(help="Seed that items and samples are drawn from.")]
Backend = Annotated[str | None, typer.Option(help="transformers or vllm, for models with weights.")]
Threads = Annotated[int, typer.Option(min=1, help="Torch threads per worker.")]
Revision = Annotated[str | None, typer.Option(help="Revision of a hub model.")]
Harness = Annotated[
    str | None,
    typer.Option(
        help="Tasks of lm-evaluation-harness, separated by commas, instead of --domains. The harness runs them with "
        "--items and --seed. The tasks define the sampling."
    ),
]
HarnessArguments = Annotated[
    str, typer.Option(help="Further options for the harness, such as '--num_fewshot 5 --batch_size 16'.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="Format of a report, or lm-eval, to write into --out. Repeatable."),
]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for --format.")]
AllowOverlap = Annotated[
    bool, typer.Option("--allow-overlap", help="Also evaluate on items that the checkpoint was trained on.")
]


def evaluate(
    model: Model,
    domains: Domains = None,
    base: Base = None,
    items: Items = 300,
    samples: Samples = 1,
    temperature: Temperature = 0.0,
    top_p: TopP = 1.0,
    max_tokens: MaxTokens = 256,
    seed: Seed = 0,
    backend: Backend = None,
    settings: Settings = None,
    base_settings: BaseSettings = None,
    threads: Threads = 1,
    revision: Revision = None,
    jobs: CheckpointJobs = None,
    lm_eval: Harness = None,
    lm_eval_args: HarnessArguments = "",
    formats: Formats = None,
    out_folder: OutFolder = None,
    allow_overlap: AllowOverlap = False,
    json_: Json = False,
    store: StorePath = None,
) -> None:
    """Evaluate a model or checkpoint. Finished evaluations are not repeated."""
    options = EvaluationOptions(
        items, samples, temperature, top_p, max_tokens, seed, backend, settings or (), base_settings or (), threads
    )
    options = replace(options, revision=revision, allow_overlap=allow_overlap, with_text=formats is not None)
    refuse_misfits(options, domains, base, lm_eval, formats, out_folder)
    if domains is not None:
        found = compare_models([model], domains, base, options, store=store, jobs=jobs, progress=Watcher())
    else:
        found = compare_in_harness(
            [model], lm_eval or "", base, options, arguments=lm_eval_args, store=store, progress=Watcher()
        )
    if out_folder is not None:
        write_evaluation(found, out_folder, formats or [])
    if json_:
        print_json(found.document())
    else:
        show_evaluation(found, items)
        if not found.failed:
            more = "--format html --out FOLDER for a page" if base else "--base MODEL for paired differences"
            next_step(f"the same with {more}")
    if found.failed:
        raise failure(found.failed)


def refuse_misfits(
    options: EvaluationOptions,
    domains: str | None,
    base: str | None,
    lm_eval: str | None,
    formats: list[str] | None,
    out_folder: Path | None,
) -> None:
    """Refuse options that cannot be combined.

    Raises:
        ConfigError: Two options cannot be combined, or one needs another.
    """
    if (domains is None) == (lm_eval is None):
        raise ConfigError("give either --domains or --lm-eval.", where="xdomain eval")
    if (formats is None) != (out_folder is None):
        raise ConfigError("--format and --out need each other.", where="xdomain eval", fix="Give both or neither.")
    if options.base_settings and base is None:
        raise ConfigError("--base-set needs --base.", where="xdomain eval", fix="Add --base MODEL.")
    if lm_eval is not None and (options.settings or options.base_settings):
        raise ConfigError(
            "settings need --domains.", where="--set, --base-set", fix="Use --lm-eval-args for the harness."
        )
    require_formats(name for name in formats or () if name != LM_EVAL)
    if lm_eval is not None and LM_EVAL in (formats or ()):
        raise ConfigError(
            "cannot be combined with --lm-eval, which writes the harness's own files.",
            where="--format lm-eval",
        )
