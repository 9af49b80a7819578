"""`xdomain grid cancel`."""

from xdomain.api.marks import cancel_stage
from xdomain.cli.grid.one_stage import ExperimentOrStage, StageOfExperiment, opened_stages
from xdomain.cli.options import Seeds, Settings, StorePath
from xdomain.cli.render import err


def cancel(
    experiment: ExperimentOrStage,
    stage: StageOfExperiment = None,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Stop a stage at its next step, wherever it runs. It does not start again until `grid retry`."""
    found, _, chosen = opened_stages(experiment, stage, store, seeds, settings)
    cancel_stage(found, chosen)
    err.print(
        f"{chosen.title}: stops at its next step if it runs, and does not start until `grid retry`.", markup=False
    )
