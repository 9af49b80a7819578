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
    """Judge an experiment's stored completions with the verifiers in its current file, and show what changes.

    Nothing is trained or generated. Checkpoints keep the verifiers that they were trained under.
    """
    from xdomain.cli.render import print_json
    from xdomain.cli.rescore_view import rescore_experiment, show

    changes = rescore_experiment(open_experiment(experiment, store, seeds, settings), jobs)
    if json_:
        print_json(changes.model_dump(mode="json"))
    else:
        show(changes)
