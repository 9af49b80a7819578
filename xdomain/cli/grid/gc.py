"""`xdomain grid gc`."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.garbage import collect_garbage, common_store
from xdomain.cli.options import Json, Seeds, Settings, StorePath, opened_as_last_run
from xdomain.cli.render import err, out, print_json, show_settings_note
from xdomain.core.words import count
from xdomain.store.garbage import Garbage


def gc(
    experiments: Annotated[
        list[Path],
        typer.Argument(
            metavar="EXPERIMENT...", help="Experiments that keep only the stages that their current file requests."
        ),
    ],
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also drop an experiment that is no longer needed. Repeatable.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete. Without this option, only show what would be deleted.")
    ] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Delete what no live experiment needs: stages, inner checkpoints under `keep: ends`, leftovers. Experiments that
    you do not name are live until --forget."""
    sessions = [opened_as_last_run(path, store, seeds, settings) for path in experiments]
    found = common_store([session.store for session in sessions])
    garbage = collect_garbage(found, [session.plan for session in sessions], forget or (), yes=yes)
    if json_:
        print_json(
            {
                "settings": {str(session.path): session.plan.origin.description for session in sessions},
                "stages": [str(path) for path in garbage.stages],
                "checkpoints": [str(path) for path in garbage.checkpoints],
                "leftovers": [str(path) for path in garbage.leftovers],
                "experiments": dict(garbage.experiments),
                "unnoted": garbage.unnoted,
                "bytes": garbage.total_bytes,
                "freed": yes,
            }
        )
    else:
        for session in sessions:
            show_settings_note(session)
        _show(garbage, yes)


def _show(garbage: Garbage, yes: bool) -> None:
    rows = (
        (garbage.stages, garbage.stage_bytes, "stage", "that nothing refers to"),
        (garbage.checkpoints, garbage.checkpoint_bytes, "checkpoint", "inside stages, evaluated"),
        (garbage.leftovers, garbage.leftover_bytes, "leftover", "of work"),
    )
    for paths, size, noun, what in rows:
        out.print(f"{size / 1e6:10.1f} MB  {count(len(paths), noun)} {what}", markup=False)
        for path in paths:
            out.print(f"               {path}", markup=False, soft_wrap=True)
    for name, number in garbage.experiments.items():
        out.print(f"{count(number, 'stage')} of these belonged to experiment {name}", markup=False)
    if garbage.unnoted:
        err.print(
            f"[yellow]warning[/] {count(garbage.unnoted, 'stage')} of these belong to no known experiment: name every "
            "experiment that you still need."
        )
    out.print(f"{garbage.total_bytes / 1e6:10.1f} MB  " + ("freed" if yes else "would be freed; add --yes to delete"))
