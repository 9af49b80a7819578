"""`xdomain grid plan|run|status|logs`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from xdomain.cli.setup import ExperimentPath, Json, Seeds, Settings, StorePath, open_experiment

app = typer.Typer(help="Plan, run and watch a grid of curricula.", no_args_is_help=True)


class PlanFormat(StrEnum):
    TREE = "tree"
    JSON = "json"
    MERMAID = "mermaid"


@app.command()
def plan(
    experiment: ExperimentPath,
    format: Annotated[PlanFormat, typer.Option("--format", help="How to print it.")] = PlanFormat.TREE,  # noqa: A002
    explain: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Say why the keys of two stages differ.")
    ] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Show what a grid will do: stages, what sharing saves, what is done, time, and the smallest detectable effect."""
    from xdomain.cli import plan_view

    opened = open_experiment(experiment, store, seeds, settings)
    if explain is not None:
        plan_view.explain(opened, *explain)
    elif json_ or format is PlanFormat.JSON:
        plan_view.as_json(opened)
    elif format is PlanFormat.MERMAID:
        plan_view.as_mermaid(opened)
    else:
        plan_view.as_tree(opened)


@app.command()
def run(
    experiment: ExperimentPath,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Stages at once.")] = None,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Run everything that is not in the store yet. The same command again continues."""
    from xdomain.cli.run_view import run_graph

    opened = open_experiment(experiment, store, seeds, settings)
    run_graph(opened.plan, opened.store, jobs, as_json=json_)


@app.command()
def status(
    experiment: ExperimentPath,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh until everything is done.")] = False,
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
    experiment: ExperimentPath,
    stage: Annotated[str, typer.Argument(help="Title, folder or beginning of the key, as `grid plan` shows them.")],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows.")] = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Print a stage's log."""
    from xdomain.cli.status_view import show_log

    show_log(open_experiment(experiment, store, seeds, settings), stage, follow=follow)
