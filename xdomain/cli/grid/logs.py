"""`xdomain grid logs`."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.status import find_log
from xdomain.cli.grid.one_stage import ExperimentOrStage, StageOfExperiment, opened_stages
from xdomain.cli.options import Seeds, Settings, StorePath
from xdomain.cli.render import err, write
from xdomain.core.errors import StoreError
from xdomain.core.interrupt import Interrupt
from xdomain.core.states import StageState
from xdomain.plan.stage import StageRef
from xdomain.store.holder import read_holder
from xdomain.store.states import stage_states
from xdomain.store.store import Store

FOLLOW_SECONDS = 0.5


def logs(
    experiment: ExperimentOrStage,
    stage: StageOfExperiment = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Wait for the log, and print new lines as they appear.")
    ] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the log of a stage."""
    found, stages, chosen = opened_stages(experiment, stage, store, seeds, settings)
    path = find_log(found, stages, chosen)
    if not follow:
        if path is None:
            raise StoreError(f'"{chosen.title}" has no log: it was never started.', where=str(found.root))
        write(path.read_text(encoding="utf-8", errors="replace"))
        return
    with Interrupt() as interrupt:
        if path is None:
            err.print(f"{chosen.title} has not started yet. Waiting.", markup=False)
        while path is None:
            interrupt.pause(FOLLOW_SECONDS)
            path = find_log(found, stages, chosen)
        _follow(found, chosen, path, interrupt)


def _follow(store: Store, stage: StageRef, path: Path, interrupt: Interrupt) -> None:
    with path.open(encoding="utf-8", errors="replace") as log:
        while True:
            # The lease is read before the log, because a stage's last lines are written before its lease is released.
            holder = read_holder(store.lease_path(stage))
            held = holder is not None and not holder.is_dead_here()
            over = not held and stage_states(store, [stage])[stage.key].state in (StageState.DONE, StageState.FAILED)
            write(log.read())
            if over:
                return
            interrupt.pause(FOLLOW_SECONDS)
