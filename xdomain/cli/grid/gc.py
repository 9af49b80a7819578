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
        typer.Argument(metavar="EXPERIMENT...", help="Experiments of which only what their files name now is to stay."),
    ],
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Another experiment that ran in this store and lives no more. Several times if need be.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only show what would go.")] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Free what no living experiment needs: other stages, inner checkpoints under `keep: ends`, leftovers. Others that
    ran in the store live until --forget."""
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
        out.print(f"{count(number, 'stage')} of these belonged to runs of experiment {name}", markup=False)
    if garbage.unnoted:
        err.print(
            f"[yellow]warning[/] {count(garbage.unnoted, 'stage')} of these no run noted as its own: name every "
            "experiment that is alive."
        )
    out.print(f"{garbage.total_bytes / 1e6:10.1f} MB  " + ("freed" if yes else "would be freed; --yes does it"))
