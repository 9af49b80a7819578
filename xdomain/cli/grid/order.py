"""`xdomain grid order`: write the experiment of a second round, based on a grid's pairs."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.second_round import order_in_words, write_second_round
from xdomain.cli.options import ExperimentPath, Json, Seeds, Settings, StorePath, opened
from xdomain.cli.render import out, print_json
from xdomain.config.load import read_experiment


def order(
    experiment: ExperimentPath,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="File of the second round.", show_default="EXPERIMENT-ordered.yaml"),
    ] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Predict from pairs that were measured on dev items which order of all domains forgets least, and write the
    experiment that tests it (Omni-Thinker)."""
    session = opened(experiment, store, seeds, settings)
    overrides = [*(settings or []), *([f"seeds=[{seeds}]"] if seeds else [])]
    mapping = read_experiment(experiment, overrides)
    found, written = write_second_round(session.plan, session.store, experiment, mapping, out_file)
    if not json_:
        out.print(order_in_words(found))
        out.print(f"written: {written}", soft_wrap=True, markup=False)
        return
    print_json(found.document() | {"file": str(written)})
