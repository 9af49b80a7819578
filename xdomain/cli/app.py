"""`xdomain`: the entry point, and how errors reach the user."""

import gc
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from xdomain import __version__
from xdomain.cli.lazy import Table, lazy_commands, lazy_group
from xdomain.core.errors import OWN_FAULT, XDomainError, refusal
from xdomain.core.foreign_text import plain

# Modules of commands do without `from __future__ import annotations`: typer would compile each annotation twice more.
COMMANDS: Table = {
    "init": (
        "xdomain.cli.start:init",
        "Write a commented experiment to begin with, and the schema that editors check it with.",
    ),
    "eval": (
        "xdomain.cli.evaluate:evaluate",
        "Evaluate a model or checkpoint; finished evaluations are never repeated.",
    ),
    "study": (
        "xdomain.cli.study:study",
        "Evaluate pairs of base and tuned models, and say what the tuning gained in and out of its domains.",
    ),
    "report": (
        "xdomain.cli.report:report",
        "Print the matrices and write the report: Markdown, CSV, JSON and one self-contained HTML page.",
    ),
    "rescore": (
        "xdomain.cli.rescore:rescore",
        "Judge an experiment's stored completions with the verifiers in its current file, and show what changes.",
    ),
    "view": (
        "xdomain.cli.view:view",
        "Read the answers behind the numbers on a local page: filter by domain, checkpoint, verdict and change, "
        "search.",
    ),
    "export-model": (
        "xdomain.cli.export_model:export",
        "Write a checkpoint as a plain Hugging Face folder with a model card.",
    ),
    "schema": (
        "xdomain.cli.schema:schema",
        "Print the JSON schema of an experiment, a study or a domain, so that an editor completes and checks it.",
    ),
    "doctor": (
        "xdomain.cli.doctor:doctor",
        "Tell which extras are installed, which devices are seen, and which sandbox runs untrusted code.",
    ),
}
GRID: Table = {
    "plan": (
        "xdomain.cli.grid.plan:plan",
        "Show what a grid will do and take: stages, time, disk, memory, tokens, and the smallest detectable effect.",
    ),
    "run": (
        "xdomain.cli.grid.run:run",
        "Run everything that is not in the store yet. The same command again continues.",
    ),
    "order": (
        "xdomain.cli.grid.order:order",
        "Predict from measured pairs (on dev items) which order of all domains forgets least, and write the experiment "
        "that tries it (Omni-Thinker).",
    ),
    "status": (
        "xdomain.cli.grid.status:status",
        "Tell what is done, running, failed and waiting; works while another process runs the grid.",
    ),
    "logs": ("xdomain.cli.grid.logs:logs", "Print a stage's log."),
    "cancel": (
        "xdomain.cli.grid.cancel:cancel",
        "Stop a stage at its next step, wherever it runs, and leave it alone until `grid retry`.",
    ),
    "retry": (
        "xdomain.cli.grid.retry:retry",
        "Forget failures and cancellations, so that the next `grid run` tries again.",
    ),
    "gc": (
        "xdomain.cli.grid.gc:gc",
        "Free what no living experiment needs: other stages, inner checkpoints under `keep: ends`, leftovers. Others "
        "that ran in the store live until --forget.",
    ),
    "export": (
        "xdomain.cli.grid.export:export",
        "Print the grid for another workflow engine: one JSON line per task, with the command that runs it.",
    ),
}
EXAMPLES: Table = {
    "list": ("xdomain.cli.start:list_shipped", "List the experiments and studies that the package ships."),
    "copy": ("xdomain.cli.start:copy", "Copy a shipped experiment or study, with the files that it names."),
}
DOMAINS: Table = {
    "list": (
        "xdomain.cli.domains:list_domains",
        "List every registered domain with its scorer, or with what it still needs.",
    ),
    "show": (
        "xdomain.cli.domains:show",
        "Print what a domain is made of: source, template, verifier, reward, sizes, and what guessing would earn.",
    ),
    "sample": (
        "xdomain.cli.domains:sample",
        "Show items: the prompt, the gold answer, and a right completion, or a model's, with its verdict.",
    ),
    "check": (
        "xdomain.cli.domains:check",
        "Check that gold scores, garbage does not and splits do not overlap; exit code 2 if anything is wrong.",
    ),
}


class Commands(TyperGroup):
    """All commands, loaded when they are used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands["grid"] = lazy_group("grid", "Plan, run and watch a grid of curricula.", GRID)
        self.commands["domains"] = lazy_group("domains", "List, look at and check domains.", DOMAINS)
        self.commands["examples"] = lazy_group("examples", "List and copy the shipped experiments.", EXAMPLES)
        self.commands.update(lazy_commands(COMMANDS))


app = typer.Typer(
    name="xdomain",
    help="Train a language model with RL on a grid of domain curricula and measure transfer, order and interference.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


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
        refused = refusal(error) if isinstance(error, OSError) else None
        if refused is not None:
            _complain(f"{type(refused).__name__}: {refused.paragraph()}")
            sys.exit(refused.exit_code)
        _complain(
            f"{type(error).__name__}: {' '.join(str(error).split())} This was not expected and is a fault of xdomain: "
            "please report it, with what `xdomain --debug` and the rest of the command print."
        )
        sys.exit(OWN_FAULT)
    finally:
        # The interpreter's last search for garbage takes a tenth of a short command, whose process ends anyway.
        gc.disable()


def _complain(paragraph: str) -> None:
    """Print what the handled exception says; with --debug, also its traceback."""
    if "--debug" in sys.argv:
        typer.echo(plain(traceback.format_exc(), keep_lines=True), err=True)
    typer.secho("\n".join(map(plain, paragraph.split("\n"))), fg="red", err=True)
