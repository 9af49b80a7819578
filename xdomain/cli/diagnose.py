"""`xdomain diagnose` and `xdomain probe`."""

import time
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.progress import Progress

from xdomain.api import diagnosis
from xdomain.cli.options import Json, StorePath, complete_stage
from xdomain.cli.render import PLAIN_SECONDS, err, out, print_json, redraws
from xdomain.diagnosis.inputs import Watch
from xdomain.report.diagnosis_tables import diagnosis_tables, probe_tables

StageTexts = Annotated[
    list[str],
    typer.Argument(metavar="STAGE...", help="Titles, folders or keys of stages.", autocompletion=complete_stage),
]
StageText = Annotated[
    str, typer.Argument(metavar="STAGE", help="Title, folder or key of a stage.", autocompletion=complete_stage)
]
Domains = Annotated[str | None, typer.Option(help="Domains to explain: names, or the experiment's file.")]
ProbedDomains = Annotated[str, typer.Option("--domains", help="Names of domains, or the experiment's file.")]
Ranks = Annotated[bool, typer.Option("--ranks", help="Measure effective ranks of full weights too.")]
Completions = Annotated[int, typer.Option(min=1, help="Largest number of stored completions per domain.")]


def diagnose(
    stages: StageTexts,
    domains: Domains = None,
    completions: Completions = 64,
    ranks: Ranks = False,
    json_: Json = False,
    store: StorePath = None,
) -> None:
    """Explain finished stages: how they changed the weights, and which modules carry the damage to a domain."""
    options = diagnosis.DiagnosisOptions(completions=completions, ranks=ranks)
    with _bar() as bar:
        found = diagnosis.diagnose(stages, domains=domains, store=store, options=options, progress=_watch(bar))
    _show(found.document(), diagnosis_tables(found), as_json=json_)


def probe(
    stage: StageText,
    domains: ProbedDomains,
    completions: Completions = 64,
    json_: Json = False,
    store: StorePath = None,
) -> None:
    """Compare the gradients of domains at a checkpoint, with their reliability. Nothing is trained."""
    with _bar() as bar:
        found = diagnosis.probe(stage, domains=domains, store=store, completions=completions, progress=_watch(bar))
    _show(found.document(), probe_tables(found), as_json=json_)


def _bar() -> Progress:
    return Progress(console=err, transient=True, disable=not redraws(err))


def _watch(bar: Progress) -> Watch:
    if not bar.disable:
        task = bar.add_task("")
        return lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
    due: dict[str, float] = {}

    def print_line(what: str, done: int, total: int) -> None:
        if time.monotonic() >= due.get(what, 0.0):
            err.print(f"{what}: {done} of {total}", soft_wrap=True, markup=False)
            due[what] = time.monotonic() + PLAIN_SECONDS

    return print_line


def _show(document: dict[str, Any], parts: list[RenderableType], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    for part in () if as_json else parts:
        out.print(part)
