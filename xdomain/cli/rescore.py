"""`xdomain rescore`."""

from rich.text import Text

from xdomain.cli.grid.watch import Watcher
from xdomain.cli.options import CheckpointJobs, ExperimentPath, Json, Seeds, Settings, StorePath, opened
from xdomain.cli.render import err, out, print_json
from xdomain.core.words import count
from xdomain.report.rescored_tables import rescored_tables


def rescore(
    experiment: ExperimentPath,
    jobs: CheckpointJobs = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Judge an experiment's stored completions with the verifiers in its current file, and show the changes.

    Nothing is trained or generated. Checkpoints keep the verifiers that they were trained under.
    """
    changes = opened(experiment, store, seeds, settings).rescore(jobs, progress=Watcher())
    if json_:
        print_json(changes.model_dump(mode="json"))
        return
    for part in rescored_tables(changes):
        out.print(part, soft_wrap=isinstance(part, Text))
    if changes.absent:
        err.print(f"{count(len(changes.absent), 'planned evaluation')} without stored completions.")
