"""`xdomain report`."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xdomain.cli.setup import Json, Seeds, Settings, StorePath, measure, open_experiment

if TYPE_CHECKING:
    from xdomain.analysis.result import AnalysisResult


def report(
    experiment: Annotated[
        Path | None, typer.Argument(metavar="[EXPERIMENT]", help="The experiment's YAML file.", show_default=False)
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Report results from elsewhere: a CSV or JSON list of curriculum, domain, accuracy, n_items; "
            "a study in the layout of the shipped reference; item records (Parquet, or a folder of such files); or a "
            "manifest of records and of lm-evaluation-harness sample files.",
        ),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Put a published study beside, and which of its effects are beyond noise.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="markdown, csv, json, html, latex, svg, png, model-cards, every-eval-ever; json alone goes to stdout. "
            "May be given several times.",
        ),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write into [default: in the store; none with --from]."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Print the further matrices too.")] = False,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit 4 if the interval supports it: 'retention(math -> science) < -0.05'. May be given several times."
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit 0 if the interval supports it, 4 if it refutes it, 5 if it does neither: "
            "'retention(math -> science) > -0.02'. May be given several times; the worst answer counts."
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
    from xdomain.analysis.quantities import read_condition
    from xdomain.analysis.reference import load_reference, published_study
    from xdomain.cli.render import err, out
    from xdomain.core.errors import ConfigError
    from xdomain.report.terminal import tables
    from xdomain.report.write import DEFAULT_FORMATS, require_formats, write_report

    if (experiment is None) == (source is None):
        raise ConfigError("give either an experiment file or --from.", where="xdomain report")
    require_formats(formats or ())
    for text in (*(fail_if or ()), *(require or ())):
        read_condition(text)
    folder: Path | None
    beside = [] if reference is None else [load_reference(reference)]
    if experiment is not None:
        opened = open_experiment(experiment, store, seeds, settings)
        result = analyse(measure(opened, with_text=True))
        folder = out_folder or opened.store.reports(opened.plan.experiment.name)
    else:
        assert source is not None
        result = _from_elsewhere(source)
        folder = out_folder
    studies = (*result.references, *(published_study(study, result) for study in beside))
    result = result.model_copy(update={"references": studies})
    as_json = json_ or formats == ["json"]
    if folder is None and formats and not as_json:
        raise ConfigError(
            "results from elsewhere have no store to write into.", where="--format", fix="Name a folder: --out FOLDER."
        )
    if as_json:
        folder, formats = out_folder, ["json"]
    written = {}
    if folder is not None:  # before anything is printed, which a pager may end
        command = shlex.join(["xdomain", *sys.argv[1:]])
        written = write_report(result, folder, formats or DEFAULT_FORMATS, report_command=command)
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
    else:
        for part in tables(result, everything=everything):
            out.print(part)
    for name, path in written.items():
        err.print(f"{name}: {path}", soft_wrap=True)
    for outcome in check_gates(result, fail_if or (), require or ()):
        err.print(outcome.sentence, soft_wrap=True, markup=False)


def _from_elsewhere(source: Path) -> "AnalysisResult":
    """The analysis of an accuracy table, of samples or records, or of a published study, then a reference too."""
    from xdomain.analysis.analyse import analyse
    from xdomain.analysis.analyse_table import analyse_table
    from xdomain.analysis.imports import read_accuracy_table, read_json_document
    from xdomain.analysis.lm_eval import read_lm_eval_manifest
    from xdomain.analysis.own_records import read_own_records
    from xdomain.analysis.reference import published_study, read_reference
    from xdomain.core.errors import ConfigError

    if not source.exists():
        raise ConfigError("there is no such file.", where=f"--from {source}", fix="Correct the path.")
    if source.suffix == ".jsonl":
        raise ConfigError(
            "one sample file does not say which model it belongs to.",
            where=f"--from {source}",
            fix='Name it in a manifest: {"runs": [{"curriculum": "base", "samples": {"math": "FILE"}}]}.',
        )
    if source.suffix == ".parquet" or source.is_dir():
        return analyse(read_own_records(source))
    document = read_json_document(source) if source.suffix == ".json" else None
    if not isinstance(document, dict):
        return analyse_table(read_accuracy_table(source))
    if "runs" in document:
        return analyse(read_lm_eval_manifest(source))
    study = read_reference(source.read_text(encoding="utf-8"), source.stem)
    return analyse_table(study.table).model_copy(update={"references": (published_study(study),)})
