"""`xdomain grid export`."""

from enum import StrEnum
from typing import Annotated

import typer

from xdomain.cli.options import ExperimentPath, Seeds, Settings, StorePath, opened
from xdomain.cli.render import out
from xdomain.schedule.export import as_jsonl, as_snakefile, exported_tasks


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    SNAKEMAKE = "snakemake"


def export(
    experiment: ExperimentPath,
    format: Annotated[ExportFormat, typer.Option("--format", help="For which engine.")] = ExportFormat.JSONL,  # noqa: A002
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the grid for another engine: one command a task."""
    session = opened(experiment, store, seeds, settings)
    command = ["xdomain", "grid", "run", str(experiment.resolve()), "--store", str(session.store.root.resolve())]
    command += ["--seeds", seeds] if seeds is not None else []
    command += [word for setting in settings or () for word in ("--set", setting)]
    tasks = exported_tasks(session.plan, command)
    for part in as_snakefile(tasks) if format == "snakemake" else as_jsonl(tasks):
        out.print(part, markup=False, soft_wrap=True)
