"""`xdomain export-model`."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.export_model import ExportOptions, export_model
from xdomain.cli.options import StorePath, complete_stage
from xdomain.cli.render import err, out


def export(
    stage: Annotated[
        str,
        typer.Argument(help="Title, folder or key of a stage; STAGE@40 for step 40.", autocompletion=complete_stage),
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write into.")],
    merge: Annotated[bool, typer.Option("--merge", help="Merge a LoRA adapter into the weights.")] = False,
    base_model: Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="Hub id of the base model.")] = None,
    licence: Annotated[str | None, typer.Option("--license", help="Licence: apache-2.0, mit, ...")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    store: StorePath = None,
) -> None:
    """Export a checkpoint to a Hugging Face folder with a model card."""
    written = export_model(stage, folder, ExportOptions(merge, base_model, licence, force), store=store)
    out.print(str(written), markup=False, soft_wrap=True)
    err.print(f"Read {written / 'README.md'}, then: hf upload OWNER/NAME {written}", markup=False, soft_wrap=True)
