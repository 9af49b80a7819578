"""`xdomain schema`: what editors check a file against."""

from typing import Annotated

import typer

from xdomain.api.schemas import editor_line, kind_of, schema_text, write_schema
from xdomain.cli.render import out

Target = Annotated[
    str,
    typer.Argument(metavar="experiment|study|domain|FILE", help="What the schema describes, or a YAML file of it."),
]
Write = Annotated[bool, typer.Option("--write", help="Write it beside FILE, or into the current folder.")]


def schema(target: Target = "experiment", write: Write = False) -> None:
    """Print the JSON schema of an experiment, a study or a domain, so that an editor completes and checks it."""
    kind, folder = kind_of(target)
    if not write:
        typer.echo(schema_text(kind), nl=False)
        return
    path = write_schema(kind, folder)
    out.print(f"{path}\nEditors use it for a file beside it that begins with\n{editor_line(path)}", markup=False)
