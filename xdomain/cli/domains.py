"""`xdomain domains list`, so far."""

from __future__ import annotations

import typer

app = typer.Typer(help="List, look at and check domains.", no_args_is_help=True)


@app.command("list")
def list_domains() -> None:
    """Names of every registered domain."""
    from xdomain.cli.render import out
    from xdomain.domains.registry import DOMAINS

    for name in DOMAINS.names():
        out.print(name)
