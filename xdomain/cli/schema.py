"""`xdomain schema`: print the schema that editors check a file with."""

from typing import Annotated

import typer

from xdomain.api.schemas import editor_line, kind_of, schema_text, write_schema
from xdomain.cli.render import out

Target = Annotated[
    str,
    typer.Argument(metavar="experiment|study|domain|FILE", help="Kind of file, or a YAML file of that kind."),
]
Write = Annotated[bool, typer.Option("--write", help="Write the schema into FILE's folder, or the current folder.")]


def schema(target: Target = "experiment", write: Write = False) -> None:
    """Print the JSON schema of an experiment, a study or a domain, with which editors complete and check the file."""
    kind, folder = kind_of(target)
    if not write:
        typer.echo(schema_text(kind), nl=False)
        return
    path = write_schema(kind, folder)
    out.print(f"{path}\nEditors use it for files in that folder that begin with\n{editor_line(path)}", markup=False)
