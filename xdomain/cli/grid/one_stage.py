"""Arguments of commands on one stage, whose experiment's file is optional."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.stores import as_store
from xdomain.cli.options import complete_stage, opened
from xdomain.plan.explain import pick_stage
from xdomain.plan.stage import StageRef
from xdomain.store.experiments import stages_beside
from xdomain.store.store import Store

ExperimentOrStage = Annotated[
    str,
    typer.Argument(
        help="The experiment's YAML file, or only STAGE if its experiment ran in the store.",
        autocompletion=complete_stage,
    ),
]
StageOfExperiment = Annotated[
    str | None,
    typer.Argument(help="Title, folder or first characters of the key of a stage.", autocompletion=complete_stage),
]


def opened_stages(
    first: str, second: str | None, store: Path | None, seeds: str | None, settings: list[str] | None
) -> tuple[Store, Sequence[StageRef], StageRef]:
    """Return a store, the stages of an experiment in it, and the stage that the arguments name.

    Args:
        first: File of the experiment. Without `second`, text that names a stage of any experiment in the store.
        second: Text that names the stage.
        store: Folder of the store.
        seeds: Value of `--seeds`.
        settings: Values of `--set`.

    Raises:
        PlanError: The text names no stage, or several.
    """
    if second is None:
        found = as_store(store)
        stages: Sequence[StageRef] = stages_beside(found, first)
    else:
        session = opened(Path(first), store, seeds, settings)
        found, stages = session.store, list(session.plan.whole.stages.values())
    return found, stages, pick_stage(stages, second or first)
