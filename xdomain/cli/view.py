"""`xdomain view`."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.answers import load_answers, load_store
from xdomain.api.stores import as_store
from xdomain.cli.options import Seeds, Settings, StorePath, opened_as_last_run
from xdomain.cli.render import err, out, show_settings_note
from xdomain.core.errors import ConfigError
from xdomain.view.server import ViewServer


def view(
    experiment: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EXPERIMENT]",
            help="The experiment's YAML file. By default, all evaluations in the store, without questions and prompts.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 uses a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Browse the answers behind the results on a local page. Search, and filter by domain, checkpoint, verdict and
    change.

    The page is served only to this machine, until Ctrl-C.
    """
    if experiment is not None:
        session = opened_as_last_run(experiment, store, seeds, settings)
        show_settings_note(session)
        answers = load_answers(session)
    elif seeds is not None or settings:
        raise ConfigError("--seeds and --set belong to an experiment.", where="xdomain view", fix="Name its file.")
    else:
        answers = load_store(as_store(store))
    try:
        server = ViewServer(answers, port)
    except OSError as error:
        raise ConfigError(f"port {port} cannot be used: {error}.", where="--port", fix="Leave it out.") from error
    out.print(server.address, soft_wrap=True, markup=False)
    err.print("Press Ctrl-C to stop. The page can be opened only on this machine, and only with this address.")
    if browser:
        webbrowser.open(server.address)
    try:
        server.serve_forever()
    finally:
        server.server_close()
