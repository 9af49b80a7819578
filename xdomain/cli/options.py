"""Options that several commands share, and functions that open experiments with them."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.completion import stage_folders
from xdomain.api.last_run import open_last_run
from xdomain.api.session import Session, open_experiment
from xdomain.core.errors import ConfigError

ExperimentPath = Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="The experiment's YAML file.")]
StorePath = Annotated[
    Path | None,
    typer.Option("--store", help="Folder of the store.", show_default="the file's, $XDOMAIN_STORE, ./xdomain-store"),
]
Seeds = Annotated[str | None, typer.Option("--seeds", help='Training seeds, which override the file\'s: "0,1,2".')]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Override a field: training.steps=20. Repeatable.")]
BaseSettings = Annotated[
    list[str] | None,
    typer.Option("--base-set", help="Like --set, but only for the base model: model.chat_template=false."),
]
WORKERS = "execution.workers"
Jobs = Annotated[
    int | None, typer.Option("-j", "--jobs", min=1, help="Number of parallel stages.", show_default=WORKERS)
]
CheckpointJobs = Annotated[
    int | None, typer.Option("-j", "--jobs", min=1, help="Number of parallel checkpoints.", show_default=WORKERS)
]
AllowOverlap = Annotated[
    bool, typer.Option("--allow-overlap", help="Also evaluate on items that a checkpoint was trained on.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def complete_stage(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return folders and titles of stages for shell completion."""
    return stage_folders(incomplete, ctx.params.get("store"), ctx.params.get("experiment"))


def opened(path: Path, store: Path | None, seeds: str | None, settings: list[str] | None) -> Session:
    """Open an experiment with the given options.

    Raises:
        ConfigError: The file or an option is wrong.
    """
    return open_experiment(path, store=store, seeds=parse_seeds(seeds), settings=settings or ())


def opened_as_last_run(path: Path, store: Path | None, seeds: str | None, settings: list[str] | None) -> Session:
    """Open an experiment with the settings of its last run, unless the options set others.

    Raises:
        ConfigError: The file or an option is wrong.
    """
    return open_last_run(path, store=store, seeds=parse_seeds(seeds), settings=settings or ())


def parse_seeds(text: str | None) -> list[int] | None:
    """Return the seeds that `--seeds` lists.

    Raises:
        ConfigError: A seed is not a whole number.
    """
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f'"{text}" should be whole numbers separated by commas.', where="--seeds") from None
