"""`xdomain init` and `xdomain examples list|copy`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from xdomain.api.templates import STAND_INS, copy_example, list_examples, list_templates, start_experiment
from xdomain.cli.options import Json
from xdomain.cli.render import next_step, out, print_json

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write into.")]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]


def template_names() -> list[str]:
    """Return the names that `--template` accepts, for shell completion."""
    return [each.name for each in list_templates()]


def example_names() -> list[str]:
    """Return the names that `examples copy` accepts, for shell completion."""
    return [each.name for each in list_examples()]


def init(
    folder: Folder = Path(),
    template: Annotated[
        str, typer.Option(help="smoke, two-domains, my-data or gpu-7b.", autocompletion=template_names)
    ] = "smoke",
    force: Force = False,
) -> None:
    """Write a commented experiment to start from, and the schema that editors check it with."""
    for path in start_experiment(folder, template, force=force):
        out.print(str(path), markup=False, soft_wrap=True)
    enter = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    next_step(f"{enter}xdomain grid plan experiment.yaml")


def list_shipped(json_: Json = False) -> None:
    """List the experiments and studies that the package ships."""
    found = list_examples()
    if json_:
        print_json([{"name": each.name, "about": each.about} for each in found])
        return
    table = Table("example", "what it is")
    for each in found:
        table.add_row(each.name, Text(each.about))
    out.print(table)


def copy(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name that `examples list` prints.", autocompletion=example_names)
    ],
    folder: Folder = Path(),
    force: Force = False,
) -> None:
    """Copy a shipped experiment or study, with the files that it names."""
    written = copy_example(name, folder, force=force)
    for path in written:
        out.print(str(path), markup=False, soft_wrap=True)
    verb = "study" if written[-1].name.startswith("study") else "grid plan"
    command = f"xdomain {verb} {shlex.quote(str(written[0]))}"
    if folder / STAND_INS in written:  # placeholder rows instead of the data
        script, data = (shlex.quote(str(folder / name)) for name in (STAND_INS, "data"))
        command = f"python {script} {data} && XDOMAIN_DATA={data} {command}"
    next_step(command)
