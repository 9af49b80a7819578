"""`xdomain grid run`."""

from typing import Annotated

import typer

from xdomain.api.next_steps import next_command
from xdomain.cli.grid.watch import Watcher
from xdomain.cli.options import ExperimentPath, Jobs, Seeds, Settings, StorePath, complete_stage, opened
from xdomain.cli.render import next_step
from xdomain.core.errors import StageError


def run(
    experiment: ExperimentPath,
    jobs: Jobs = None,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            help="Run only this stage, in this process. Repeatable.",
            autocompletion=complete_stage,
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print events to stdout, one JSON object per line.")] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Run every stage that is not in the store yet. Repeat the command to continue an interrupted session."""
    session = opened(experiment, store, seeds, settings)
    try:
        session.run(jobs, stages=stage or (), progress=Watcher(as_json=json_))
    except StageError:
        again = f"{next_command('grid retry', session, store)} && {next_command('grid run', session, store)}"
        next_step(f"{again}   # after fixing the cause")
        raise
    if not json_ and not stage:
        next_step(next_command("report", session, store))
