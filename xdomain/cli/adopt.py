"""`xdomain adopt`."""

from typing import Annotated

import typer

from xdomain.api.next_steps import next_command
from xdomain.cli.grid.watch import Watcher
from xdomain.cli.options import ExperimentPath, Jobs, Seeds, Settings, StorePath, opened
from xdomain.cli.render import next_step


def adopt(
    experiment: ExperimentPath,
    jobs: Jobs = None,
    json_: Annotated[bool, typer.Option("--json", help="Print events to stdout, one JSON object per line.")] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Take finished checkpoints that an experiment declares into the store, where they count as trained."""
    session = opened(experiment, store, seeds, settings)
    session.adopt(jobs, progress=Watcher(as_json=json_))
    if not json_:
        next_step(f"{next_command('grid run', session, store)}   # evaluates them")
