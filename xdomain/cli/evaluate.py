"""`xdomain eval`: any model or checkpoint on any domains, into the same records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xdomain.cli.setup import Json, StorePath, default_store

if TYPE_CHECKING:
    from xdomain.config.domain import DomainConfig
    from xdomain.plan.graph import Graph
    from xdomain.plan.stage import Stage
    from xdomain.store.store import Store


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A stage of the store by title, folder or key (patterns allowed; STAGE@40 for an inner checkpoint), "
            "a model folder, a .gguf file, or hub:ID."
        ),
    ],
    domains: Annotated[str, typer.Option(help="Names or YAML files, with commas.")],
    base: Annotated[str | None, typer.Option(help="A second model: report paired differences from it.")] = None,
    items: Annotated[int, typer.Option(min=1, help="Test items a domain.")] = 300,
    samples: Annotated[int, typer.Option(min=1, help="Completions an item.")] = 1,
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option("--top-p", help="Nucleus sampling.")] = 1.0,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Longest completion.")] = 256,
    seed: Annotated[int, typer.Option(help="Draws items and samples.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Torch threads a worker.")] = 1,
    revision: Annotated[str | None, typer.Option(help="Of a hub model.")] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Checkpoints at once.")] = None,
    json_: Json = False,
    store: StorePath = None,
) -> None:
    """Evaluate a model or checkpoint; finished evaluations are never repeated."""
    from xdomain.analysis.analyse import analyse
    from xdomain.cli.render import out, print_json
    from xdomain.cli.run_view import run_graph
    from xdomain.core.measurement import BASE
    from xdomain.domains.check import chance_levels
    from xdomain.report.terminal import accuracy_table, matrix_tables
    from xdomain.store.query import compared_models
    from xdomain.store.store import Store

    opened = Store(store or default_store())
    evaluation = {"items": items, "samples": samples, "temperature": temperature, "top_p": top_p, "seed": seed}
    evaluation["max_completion_tokens"] = max_tokens
    settings = {"evaluation": evaluation, "execution": {"threads": threads}}
    entries = domain_entries(domains)
    graphs = {text: evaluation_graph(opened, text, entries, settings, revision) for text in [base, model] if text}
    for graph in graphs.values():
        run_graph(graph, opened, jobs)
    experiment = graphs[model].experiment
    result = analyse(
        compared_models(opened, graphs, base, chance=chance_levels(experiment.domains, experiment.domain_names))
    )
    if base is None:
        # Nothing was asked about a base, so that row would only say that it was not measured.
        kept = {row: cells for row, cells in result.accuracy.cells.items() if row != BASE}
        accuracy = result.accuracy.model_copy(update={"rows": tuple(kept), "cells": kept})
        result = result.model_copy(update={"accuracy": accuracy})
    if json_:
        print_json(result.model_dump(mode="json"))
        return
    out.print(accuracy_table(result.accuracy))
    if base is not None:
        found = result.matrices()
        for name in ("change", "gained", "lost", "odds_ratio", "odds_ratio_paired"):
            out.print(matrix_tables(result, found[name]))


def domain_entries(text: str) -> list[str | DomainConfig]:
    """The entries of `domains` that `--domains` stands for: registered names, and what YAML files describe."""
    from xdomain.config.domain_file import load_domain_file

    return [
        load_domain_file(Path(name)) if name.endswith((".yaml", ".yml")) else name.strip() for name in text.split(",")
    ]


def evaluation_graph(
    store: Store,
    model: str,
    domains: Sequence[str | DomainConfig],
    settings: dict[str, Any],
    revision: str | None = None,
) -> Graph:
    """Evaluations of the named checkpoints; a model that is no stage of the store gets a base stage of its own.

    Raises:
        ConfigError: `model` names nothing.
    """
    from xdomain.config.experiment import Experiment
    from xdomain.config.load import validate
    from xdomain.plan.graph import build_plan, checkpoint_graph
    from xdomain.resolve.identities import resolve_identities

    checkpoints = stored_checkpoints(store, model)
    source = {"preset": "tiny_qwen3"} if checkpoints else model_source(model, revision)
    data = {"name": "eval", "model": source, "domains": list(domains), "curricula": [], **settings}
    experiment = validate(Experiment, data, "xdomain eval")
    identities = resolve_identities(experiment)
    return checkpoint_graph(experiment, identities, checkpoints) if checkpoints else build_plan(experiment, identities)


def stored_checkpoints(store: Store, text: str) -> list[tuple[Stage, int, str]]:
    """(stage, step, title) of every checkpoint of the store that `text` names; [] if it names none."""
    from xdomain.plan.stage import StageKind

    pattern, _, step = text.rpartition("@") if text.rpartition("@")[2].isdigit() else (text, "", "")
    found = []
    for stage, done in store.find(pattern):
        if stage.kind is StageKind.EVALUATE:
            continue
        end = 0 if stage.kind is StageKind.BASE else int(done["summary"]["steps"])
        wanted = int(step) if step else end
        found.append((stage, wanted, f"{stage.title} step {wanted}"))
    return found


def model_source(text: str, revision: str | None) -> dict[str, Any]:
    """The `model` mapping of an experiment for what `text` names outside the store.

    Raises:
        ConfigError: it is no folder, GGUF file or hub id.
    """
    from xdomain.core.errors import ConfigError

    if text.startswith("hub:"):
        return {"hub": text.removeprefix("hub:"), "revision": revision}
    if text.endswith(".gguf"):
        return {"gguf": text}
    if Path(text).expanduser().is_dir():
        return {"path": text}
    raise ConfigError(
        f'"{text}" is no stage of the store, no folder and no .gguf file.',
        where="MODEL",
        fix="Hub models are written hub:OWNER/NAME; `xdomain grid status` lists stages.",
    )
