"""`xdomain grid export`."""

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from xdomain.api.optional import not_exported
from xdomain.cli.options import ExperimentPath, Seeds, Settings, StorePath, opened
from xdomain.cli.render import err, out
from xdomain.schedule.export import as_jsonl, exported_tasks


class ExportFormat(StrEnum):
    """The formats of `grid export`. At present there is only one."""

    JSONL = "jsonl"


def export(
    experiment: ExperimentPath,
    format: Annotated[ExportFormat, typer.Option("--format", help="Output format.")] = ExportFormat.JSONL,  # noqa: A002
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the grid for another workflow engine: one JSON line per task, with the command that runs it."""
    session = opened(experiment, store, seeds, settings)
    command = ["xdomain", "grid", "run", str(experiment.resolve()), "--store", str(session.store.root.resolve())]
    command += ["--seeds", seeds] if seeds is not None else []
    command += [word for setting in settings or () for word in ("--set", setting)]
    for line in as_jsonl(exported_tasks(session.plan, command)):
        out.print(line, markup=False, soft_wrap=True)
    if (note := not_exported(session.plan, shlex.join(command))) is not None:
        err.print(note, markup=False, soft_wrap=True)
