"""`xdomain`: the entry point, and how errors reach the user."""

import gc
import os
import sys
import traceback

import typer

from xdomain import __version__
from xdomain.cli import doctor, domains, evaluate, grid, report, rescore, study, view
from xdomain.core.errors import OWN_FAULT, XDomainError

# Modules of commands do without `from __future__ import annotations`: typer would compile each annotation twice more.
app = typer.Typer(
    name="xdomain",
    help="Train a language model with RL on a grid of domain curricula and measure transfer, order and interference.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(grid.app, name="grid")
app.add_typer(domains.app, name="domains")
app.command("eval")(evaluate.evaluate)
app.command("study")(study.study)
app.command("report")(report.report)
app.command("rescore")(rescore.rescore)
app.command("view")(view.view)
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def options(
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True),
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks."),
) -> None:
    """Options of every command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an error becomes one paragraph and its exit code."""
    # Looking for pydantic's plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A starting command keeps nearly all that it makes: to look for garbage each 700 objects costs a 25th of its time.
    gc.set_threshold(50_000)
    try:
        app()
    except XDomainError as error:
        _complain(f"{type(error).__name__}: {error.paragraph()}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.secho("Interrupted.", fg="red", err=True)
        sys.exit(130)
    except Exception as error:
        _complain(
            f"{type(error).__name__}: {' '.join(str(error).split())} This was not expected and is a fault of xdomain: "
            "please report it, with what `xdomain --debug` and the rest of the command print."
        )
        sys.exit(OWN_FAULT)
    finally:
        # The interpreter's last search for garbage takes a tenth of a short command, whose process ends anyway.
        gc.disable()


def _complain(paragraph: str) -> None:
    """Tell what the handled exception says; with --debug, where it came from too."""
    if "--debug" in sys.argv:
        traceback.print_exc()
    typer.secho(paragraph, fg="red", err=True)
