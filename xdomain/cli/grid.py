"""`xdomain grid plan|run|order|status|logs|cancel|retry|gc|export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xdomain.cli.setup import ExperimentPath, Json, Seeds, Settings, StorePath, open_experiment, open_stages

app = typer.Typer(help="Plan, run and watch a grid of curricula.", no_args_is_help=True)


ExperimentOrStage = Annotated[
    str,
    typer.Argument(help="The experiment's YAML file; or STAGE alone, once its experiment ran in the store."),
]
StageOfExperiment = Annotated[
    str | None,
    typer.Argument(help="Title, folder or beginning of the key, as `grid plan` shows them."),
]


class ExportFormat(StrEnum):
    """Formats of `grid export`; a single one, which `--format` may name."""

    JSONL = "jsonl"


class PlanFormat(StrEnum):
    TREE = "tree"
    JSON = "json"
    MERMAID = "mermaid"


@app.command()
def plan(
    experiment: ExperimentPath,
    format: Annotated[PlanFormat, typer.Option("--format", help="How to print it.")] = PlanFormat.TREE,  # noqa: A002
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Say why the keys of two stages differ, planned or in the store."),
    ] = None,
    detect: Annotated[
        float | None,
        typer.Option(metavar="POINTS", min=0.1, max=100, help="Tell the items or seeds that an effect needs."),
    ] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Show what a grid will do: stages, what sharing saves, what is done, time, and the smallest detectable effect."""
    from xdomain.cli import plan_view

    opened = open_experiment(experiment, store, seeds, settings)
    effect = None if detect is None else detect / 100
    if explain is not None:
        plan_view.explain(opened, *explain)
    elif json_ or format is PlanFormat.JSON:
        plan_view.as_json(opened, effect)
    elif format is PlanFormat.MERMAID:
        plan_view.as_mermaid(opened)
    else:
        plan_view.as_tree(opened, effect)


@app.command()
def run(
    experiment: ExperimentPath,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Stages at once.")] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", help="Run this stage alone, in this process. May be given several times."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print events on stdout, one JSON object a line.")] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Run everything that is not in the store yet. The same command again continues."""
    from xdomain.cli.run_view import run_graph, run_stages

    opened = open_experiment(experiment, store, seeds, settings)
    if stage:
        run_stages(opened, stage, as_json=json_)
    else:
        run_graph(opened.plan, opened.store, jobs, as_json=json_)


@app.command()
def order(
    experiment: ExperimentPath,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="The second round's file [default: beside the first, -ordered]."),
    ] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Predict from measured pairs (on dev items) which order of all domains forgets least, and write the experiment
    that tries it (Omni-Thinker)."""
    from xdomain.cli.order_view import write_second_round
    from xdomain.config.load import read_experiment

    opened = open_experiment(experiment, store, seeds, settings)
    overrides = [*(settings or []), *([f"seeds=[{seeds}]"] if seeds else [])]
    write_second_round(opened, read_experiment(experiment, overrides), out_file, as_json=json_)


@app.command()
def status(
    experiment: ExperimentPath,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh until nothing is left to run.")] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Tell what is done, running, failed and waiting; works while another process runs the grid."""
    from xdomain.cli.status_view import show_status

    show_status(open_experiment(experiment, store, seeds, settings), watch=watch, as_json=json_)


@app.command()
def logs(
    experiment: ExperimentOrStage,
    stage: StageOfExperiment = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for it, and go on as it grows.")] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print a stage's log."""
    from xdomain.cli.status_view import show_log

    show_log(*open_stages(experiment, stage, store, seeds, settings), follow=follow)


@app.command()
def cancel(
    experiment: ExperimentOrStage,
    stage: StageOfExperiment = None,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Stop a stage at its next step, wherever it runs, and leave it alone until `grid retry`."""
    from xdomain.cli.store_view import cancel_stage

    cancel_stage(*open_stages(experiment, stage, store, seeds, settings))


@app.command()
def retry(
    experiment: ExperimentPath,
    stage: Annotated[str | None, typer.Argument(help="One stage; by default every failed or cancelled one.")] = None,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Forget failures and cancellations, so that the next `grid run` tries again."""
    from xdomain.cli.store_view import retry_stages

    retry_stages(open_experiment(experiment, store, seeds, settings), stage)


@app.command()
def gc(
    experiments: Annotated[
        list[Path],
        typer.Argument(metavar="EXPERIMENT...", help="Experiments of which only what their files name now is to stay."),
    ],
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Another experiment that ran in this store and lives no more. Several times if need be.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only show what would go.")] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Free what no living experiment needs: other stages, inner checkpoints under `keep: ends`, leftovers. Others that
    ran in the store live until --forget."""
    from xdomain.cli.store_view import collect_garbage

    opened = [open_experiment(path, store, seeds, settings) for path in experiments]
    collect_garbage(opened, forget=forget or [], yes=yes, as_json=json_)


@app.command()
def export(
    experiment: ExperimentPath,
    format: Annotated[ExportFormat, typer.Option("--format", help="Output format.")] = ExportFormat.JSONL,  # noqa: A002
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print the grid for another workflow engine: one JSON line per task, with the command that runs it."""
    from xdomain.cli.store_view import export_plan

    export_plan(open_experiment(experiment, store, seeds, settings), seeds, settings or [])
