"""`xdomain grid retry`."""

from typing import Annotated

import typer

from xdomain.api.marks import clear_failures
from xdomain.cli.options import ExperimentPath, Seeds, Settings, StorePath, complete_stage, opened
from xdomain.cli.render import err
from xdomain.core.words import count
from xdomain.plan.explain import find_stage


def retry(
    experiment: ExperimentPath,
    stage: Annotated[
        str | None,
        typer.Argument(help="Stage to retry; by default every failed or cancelled one.", autocompletion=complete_stage),
    ] = None,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Clear failures and cancellations, so that the next `grid run` tries again."""
    session = opened(experiment, store, seeds, settings)
    stages = [find_stage(session.plan, stage)] if stage else session.plan.whole.stages.values()
    cleared = clear_failures(session.store, stages)
    for each in cleared:
        err.print(f"cleared {each.title}", markup=False)
    err.print(f"{count(len(cleared), 'stage')} cleared; `xdomain grid run` tries again.")
