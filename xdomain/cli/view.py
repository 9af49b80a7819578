"""`xdomain view`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xdomain.cli.setup import Seeds, Settings, StorePath, default_store, measure, open_experiment

if TYPE_CHECKING:
    from xdomain.cli.setup import Opened
    from xdomain.store.store import Store
    from xdomain.view.answers import Answers


def view(
    experiment: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EXPERIMENT]",
            help="The experiment's YAML file; without it, all evaluations of the store, without questions and prompts.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Read the answers behind the numbers on a local page: filter by domain, checkpoint, verdict and change, search.

    The page is served to this machine only, until Ctrl-C.
    """
    import webbrowser

    from xdomain.cli.render import err, out
    from xdomain.core.errors import ConfigError
    from xdomain.store.store import Store
    from xdomain.view.server import ViewServer

    if experiment is not None:
        answers = load_answers(open_experiment(experiment, store, seeds, settings))
    elif seeds is not None or settings:
        raise ConfigError("--seeds and --set belong to an experiment.", where="xdomain view", fix="Name its file.")
    else:
        answers = load_store(Store(store or default_store()))
    try:
        server = ViewServer(answers, port)
    except OSError as error:
        raise ConfigError(f"port {port} cannot be used: {error}.", where="--port", fix="Leave it out.") from error
    out.print(server.address, soft_wrap=True, markup=False)
    err.print("Ctrl-C ends it. Only this machine can open the page, and only with this address.")
    if browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    finally:
        server.server_close()


def load_answers(opened: "Opened") -> "Answers":
    """Load the records of an experiment with everything else that a page shows."""
    from xdomain.core.artifact_layout import ROLLOUTS, checkpoint_folder
    from xdomain.domains.base import Split
    from xdomain.domains.build import build_domains
    from xdomain.domains.check import items_here
    from xdomain.view.answers import Answers, label_of, read_rollouts
    from xdomain.view.prompts import PromptTexts

    plan, store = opened.plan, opened.store
    experiment = plan.experiment
    grid = measure(opened, with_text=True)
    split = Split(experiment.evaluation.split)
    domains = build_domains(experiment.domains, experiment.domain_names)
    rollouts = {
        stage.title: store.folder(stage) / ROLLOUTS
        for stage in plan.train_stages
        if stage.key in store.done([stage]) and (store.folder(stage) / ROLLOUTS).is_file()
    }
    splits = (split, Split.TRAIN) if rollouts else (split,)
    items = {
        name: {item.id: item for each in splits for item in items_here(domain, each)}
        for name, domain in domains.items()
    }
    # All checkpoints of a grid share the base's tokenizer.
    folder = checkpoint_folder(store.folder(plan.base), 0)
    return Answers(
        grid.experiment,
        grid.records,
        {place.checkpoint: label_of(place) for place in grid.checkpoints},
        items,
        PromptTexts({place.checkpoint: folder for place in grid.checkpoints}),
        read_rollouts(rollouts),
    )


def load_store(store: "Store") -> "Answers":
    """Load the records of all evaluations in a store, of experiments, `eval` and `study` alike.

    Raises:
        AnalysisError: it holds none.
    """
    from xdomain.core.errors import AnalysisError
    from xdomain.core.parquet import read_records
    from xdomain.view.answers import Answers, evaluation_labels
    from xdomain.view.prompts import PromptTexts

    stages = store.find("evaluate-*")
    if not stages:
        raise AnalysisError(
            "the store holds no evaluation.", where=str(store.root), fix="Name another one with --store."
        )
    labels = evaluation_labels({stage.key: stage.title for stage in stages})
    records = read_records([store.open_artifact(stage) / "records.parquet" for stage in stages])
    records["checkpoint"] = records["stage_key"].map(labels)
    return Answers(str(store.root), records, {label: label for label in labels.values()}, {}, PromptTexts({}))
