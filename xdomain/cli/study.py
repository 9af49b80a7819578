"""`xdomain study`: compare pairs of existing models on groups of benchmarks."""

from pathlib import Path
from typing import Annotated

import typer

from xdomain.api.model_runs import failure
from xdomain.api.study import run_study
from xdomain.cli.grid.watch import Watcher
from xdomain.cli.options import AllowOverlap, CheckpointJobs, Json, StorePath
from xdomain.cli.render import err, out, print_json, typed_command
from xdomain.core.files import write_atomic
from xdomain.report.pairs import study_markdown, study_tables


def study(
    file: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's YAML file.")],
    jobs: CheckpointJobs = None,
    json_: Json = False,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder of study.md.", show_default="in the store")
    ] = None,
    allow_overlap: AllowOverlap = False,
    store: StorePath = None,
) -> None:
    """Evaluate pairs of base and tuned models, and print the gains of the tuning in and out of its domains.

    Evaluations are those of `xdomain eval`. They can be resumed, and are not repeated.
    """
    found = run_study(file, store=store, jobs=jobs, allow_overlap=allow_overlap, progress=Watcher())
    page = (out_folder or found.folder) / "study.md"
    write_atomic(page, study_markdown(found.result, command=typed_command()))
    err.print(f"markdown: {page}", soft_wrap=True, markup=False)
    if json_:
        print_json(found.document())
    else:
        for part in study_tables(found.result):
            out.print(part)
    if found.failed:
        raise failure(found.failed)
