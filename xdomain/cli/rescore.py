"""`xdomain rescore`."""

from typing import Annotated

import typer

from xdomain.cli.setup import ExperimentPath, Json, Seeds, Settings, StorePath, open_experiment


def rescore(
    experiment: ExperimentPath,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Checkpoints at once.")] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Judge the stored completions of an experiment by the verifiers that its file names now, and show what changes.

    Nothing is trained and nothing generated: checkpoints are those that were trained under the earlier verifiers.
    """
    from xdomain.cli.render import print_json
    from xdomain.cli.rescore_view import rescore_experiment, show

    changes = rescore_experiment(open_experiment(experiment, store, seeds, settings), jobs)
    if json_:
        print_json(changes.model_dump(mode="json"))
    else:
        show(changes)
