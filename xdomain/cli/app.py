"""`xdomain`: the entry point, which also prints errors for the user."""

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

# Modules of commands omit `from __future__ import annotations`, because typer would compile each annotation twice more.
COMMANDS: Table = {
    "init": (
        "xdomain.cli.start:init",
        "Write a commented experiment to start from, and the schema that editors check it with.",
    ),
    "eval": (
        "xdomain.cli.evaluate:evaluate",
        "Evaluate a model or checkpoint. Finished evaluations are not repeated.",
    ),
    "study": (
        "xdomain.cli.study:study",
        "Evaluate pairs of base and tuned models, and print the gains of the tuning in and out of its domains.",
    ),
    "adopt": (
        "xdomain.cli.adopt:adopt",
        "Take finished checkpoints that an experiment declares into the store, where they count as trained.",
    ),
    "report": (
        "xdomain.cli.report:report",
        "Print the matrices and write the report: Markdown, CSV, JSON and one self-contained HTML page.",
    ),
    "rescore": (
        "xdomain.cli.rescore:rescore",
        "Judge an experiment's stored completions with the verifiers in its current file, and show the changes.",
    ),
    "view": (
        "xdomain.cli.view:view",
        "Browse the answers behind the results on a local page. Search, and filter by domain, checkpoint, verdict and "
        "change.",
    ),
    "diagnose": (
        "xdomain.cli.diagnose:diagnose",
        "Explain finished stages: how they changed the weights, and which modules carry the damage to a domain.",
    ),
    "probe": (
        "xdomain.cli.diagnose:probe",
        "Compare the gradients of domains at a checkpoint, with their reliability. Nothing is trained.",
    ),
    "export-model": (
        "xdomain.cli.export_model:export",
        "Export a checkpoint to a Hugging Face folder with a model card.",
    ),
    "schema": (
        "xdomain.cli.schema:schema",
        "Print the JSON schema of an experiment, a study or a domain, with which editors complete and check the file.",
    ),
    "doctor": (
        "xdomain.cli.doctor:doctor",
        "Show which extras are installed, which devices were found, and which sandbox runs untrusted code.",
    ),
}
GRID: Table = {
    "plan": (
        "xdomain.cli.grid.plan:plan",
        "Show the plan of a grid: stages, time, disk, memory, tokens, and minimum detectable effects.",
    ),
    "run": (
        "xdomain.cli.grid.run:run",
        "Run every stage that is not in the store yet. Repeat the command to continue an interrupted session.",
    ),
    "order": (
        "xdomain.cli.grid.order:order",
        "Predict from pairs that were measured on dev items which order of all domains forgets least, and write the "
        "experiment that tests it (Omni-Thinker).",
    ),
    "status": (
        "xdomain.cli.grid.status:status",
        "Show which stages are done, running, failed and waiting, also while another process runs the grid.",
    ),
    "logs": ("xdomain.cli.grid.logs:logs", "Print the log of a stage."),
    "cancel": (
        "xdomain.cli.grid.cancel:cancel",
        "Stop a stage at its next step, wherever it runs. It does not start again until `grid retry`.",
    ),
    "retry": (
        "xdomain.cli.grid.retry:retry",
        "Clear failures and cancellations, so that the next `grid run` tries again.",
    ),
    "gc": (
        "xdomain.cli.grid.gc:gc",
        "Delete what no live experiment needs: stages, inner checkpoints under `keep: ends`, leftovers. Experiments "
        "that you do not name are live until --forget.",
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
        "List every registered domain with its verifier, or with the reason why it cannot be used.",
    ),
    "show": (
        "xdomain.cli.domains:show",
        "Describe a domain: source, template, verifier, reward, sizes, and the expected score of guessing.",
    ),
    "sample": (
        "xdomain.cli.domains:sample",
        "Show items with their prompt, gold answer, and a right completion or a model's, with its verdict.",
    ),
    "check": (
        "xdomain.cli.domains:check",
        "Check that gold scores, garbage does not and splits do not overlap. The exit code is 2 if a check fails.",
    ),
}


class Commands(TyperGroup):
    """All commands, which are imported when they are used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands["grid"] = lazy_group("grid", "Plan, run and watch a grid of curricula.", GRID)
        self.commands["domains"] = lazy_group("domains", "List, inspect and check domains.", DOMAINS)
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
    """Handle the options of every command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line. An error is printed as one paragraph, and sets the exit code."""
    # The search for pydantic's plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A starting command keeps nearly all of its objects. Collecting garbage every 700 objects takes 4% of its time.
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
            f"{type(error).__name__}: {' '.join(str(error).split())} This is an internal error of xdomain. "
            "Please report it with the output of the command after `xdomain --debug`."
        )
        sys.exit(OWN_FAULT)
    finally:
        # The interpreter's last garbage collection takes 10% of a short command's time, and the process ends anyway.
        gc.disable()


def _complain(paragraph: str) -> None:
    """Print an error message; with --debug, also the traceback of the handled exception."""
    if "--debug" in sys.argv:
        typer.echo(plain(traceback.format_exc(), keep_lines=True), err=True)
    typer.secho("\n".join(map(plain, paragraph.split("\n"))), fg="red", err=True)
