"""`xdomain report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from xdomain.analysis.gate import check_gates
from xdomain.analysis.quantities import read_condition
from xdomain.analysis.reference import load_reference, published_study
from xdomain.analysis.result import AnalysisResult
from xdomain.api.next_steps import next_command
from xdomain.api.results import analyse
from xdomain.cli.options import Json, Seeds, Settings, StorePath, opened_as_last_run
from xdomain.cli.render import err, next_step, out, show_settings_note, typed_command, write_json
from xdomain.core.errors import ConfigError
from xdomain.report.terminal import tables
from xdomain.report.write import DEFAULT_FORMATS, require_formats, write_report

ExperimentPath = Annotated[Path | None, typer.Argument(metavar="[EXPERIMENT]", help="The experiment's YAML file.")]
Source = Annotated[
    Path | None,
    typer.Option(
        "--from",
        help="File with results to report: a CSV or JSON list of curriculum, domain, accuracy, n_items; a published "
        "study in the layout of the shipped reference; item records (Parquet, or a folder of such files); a manifest "
        "of records and of lm-evaluation-harness sample files; or the report.json of an earlier report.",
    ),
]
Reference = Annotated[
    str | None, typer.Option(help="Published study to compare with. Shows which of its effects exceed noise.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="markdown, csv, json, html, latex, svg, png, pdf, model-cards or every-eval-ever. If json is the only "
        "format, it is printed to stdout. Repeatable.",
    ),
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder to write into.", show_default="in the store; none with --from")
]
Everything = Annotated[bool, typer.Option("--all", help="Also print the remaining matrices.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        help="Exit with 4 if the interval supports the condition: 'retention(math -> science) < -0.05'. Repeatable."
    ),
]
Require = Annotated[
    list[str] | None,
    typer.Option(
        help="Exit with 0 if the interval supports the condition, 4 if it refutes it, 5 if it does neither: "
        "'retention(math -> science) > -0.02'. Repeatable; one refuted condition gives 4, else one undecided gives 5."
    ),
]


def report(
    experiment: ExperimentPath = None,
    source: Source = None,
    reference: Reference = None,
    formats: Formats = None,
    out_folder: OutFolder = None,
    everything: Everything = False,
    fail_if: FailIf = None,
    require: Require = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the matrices and write the report: Markdown, CSV, JSON and one self-contained HTML page."""
    if (experiment is None) == (source is None):
        raise ConfigError("give either an experiment file or --from.", where="xdomain report")
    require_formats(formats or ())
    for text in (*(fail_if or ()), *(require or ())):
        read_condition(text)
    beside = [] if reference is None else [load_reference(reference)]
    folder, session = out_folder, None
    as_json = json_ or formats == ["json"]
    if experiment is not None:
        session = opened_as_last_run(experiment, store, seeds, settings)
        show_settings_note(session, err if as_json else out)
        result = session.analyse()
        folder = out_folder or session.store.reports(session.experiment.name)
    else:
        assert source is not None
        result = analyse(source)
    studies = (*result.references, *(published_study(study, result) for study in beside))
    result = result.model_copy(update={"references": studies})
    if folder is None and formats and not as_json:
        raise ConfigError(
            "results from a file have no store to write into.", where="--format", fix="Name a folder: --out FOLDER."
        )
    if as_json:
        folder, formats = out_folder, ["json"]
    show(result, folder, formats or DEFAULT_FORMATS, as_json=as_json, everything=everything)
    for outcome in check_gates(result, fail_if or (), require or ()):
        err.print(outcome.sentence, soft_wrap=True, markup=False)
    if session is not None and not as_json:
        next_step(next_command("view", session, store))


def show(
    result: AnalysisResult, folder: Path | None, formats: Sequence[str], *, as_json: bool, everything: bool
) -> None:
    """Write the files first, and then print the report, because a pager may end the process."""
    written = {} if folder is None else write_report(result, folder, formats, report_command=typed_command())
    if as_json:
        write_json(result.model_dump_json(indent=2))
    else:
        for part in tables(result, everything=everything):
            out.print(part)
    for name, path in written.items():
        err.print(f"{name}: {path}", soft_wrap=True, markup=False)
