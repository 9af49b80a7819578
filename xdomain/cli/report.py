"""`xdomain report`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from xdomain.cli.setup import Json, Seeds, Settings, StorePath, measure, open_experiment


def report(
    experiment: Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="The experiment's YAML file.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="markdown, csv, json, html, latex, svg, png; json alone goes to stdout. May be given several times.",
        ),
    ] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder to write into [default: in the store].")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print the further matrices too.")] = False,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit 4 if the interval supports it: 'retention(math -> science) < -0.05'. May be given several times."
        ),
    ] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the matrices and write the report: Markdown, CSV, JSON and one self-contained HTML page."""
    from xdomain.analysis.analyse import analyse
    from xdomain.analysis.gate import check_gates
    from xdomain.cli.render import err, out
    from xdomain.report.terminal import tables
    from xdomain.report.write import DEFAULT_FORMATS, write_report

    opened = open_experiment(experiment, store, seeds, settings)
    result = analyse(measure(opened, with_text=True))
    folder = out_folder or opened.store.reports(opened.plan.experiment.name)
    command = shlex.join(["xdomain", *sys.argv[1:]])
    if json_ or formats == ["json"]:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
        written = write_report(result, out_folder, ["json"], report_command=command) if out_folder else {}
    else:
        for part in tables(result, everything=everything):
            out.print(part)
        written = write_report(result, folder, formats or DEFAULT_FORMATS, report_command=command)
    for name, path in written.items():
        err.print(f"{name}: {path}", soft_wrap=True)
    for outcome in check_gates(result, tuple(fail_if or ())):
        err.print(outcome.sentence, soft_wrap=True, markup=False)
