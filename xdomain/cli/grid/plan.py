"""`xdomain grid plan`: print a plan as a tree, JSON or a Mermaid graph."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from xdomain.api.explaining import StageDifference, explain
from xdomain.api.next_steps import next_command
from xdomain.api.outlook import design_in_words
from xdomain.api.plan_words import STAGE_COLUMNS, lines_in_words, mermaid_lines, stage_rows
from xdomain.api.planning import Forecast, warnings
from xdomain.api.run_costs import COST_COLUMNS, compares_ways, cost_rows
from xdomain.cli.grid.plan_tree import stage_tree
from xdomain.cli.grid.power_tables import power_tables
from xdomain.cli.options import ExperimentPath, Jobs, Json, Seeds, Settings, StorePath, opened
from xdomain.cli.render import next_step, out, print_json
from xdomain.core.words import count


class PlanFormat(StrEnum):
    TREE = "tree"
    JSON = "json"
    MERMAID = "mermaid"


def plan(
    experiment: ExperimentPath,
    format: Annotated[PlanFormat, typer.Option("--format", help="Output format.")] = PlanFormat.TREE,  # noqa: A002
    stages: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--explain",
            metavar="A B",
            help='Explain why two stages differ, planned or stored. B "stored" is the stored stage most similar to A.',
        ),
    ] = None,
    detect: Annotated[
        float | None,
        typer.Option(
            metavar="POINTS", min=0.1, max=100, help="Show the items or seeds that an effect of this size needs."
        ),
    ] = None,
    suggestions: Annotated[
        int | None,
        typer.Option("--suggest", metavar="N", min=1, help="List N unrun cells that narrow declared contrasts most."),
    ] = None,
    gpu_memory: Annotated[
        float | None,
        typer.Option(
            metavar="GB",
            min=0.1,
            help="Show whether each stage fits on a GPU with this memory (10^9 bytes).",
            show_default="execution.gpu_memory_gb",
        ),
    ] = None,
    tokens_per_second: Annotated[
        float | None,
        typer.Option(
            min=0.001, help="Generated tokens per second of a stage, including training.", show_default="as measured"
        ),
    ] = None,
    jobs: Jobs = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also list the estimates of each stage.")] = False,
    json_: Json = False,
    seeds: Seeds = None,
    settings: Settings = None,
    store: StorePath = None,
) -> None:
    """Show the plan of a grid: stages, time, disk, memory, tokens, and minimum detectable effects."""
    session = opened(experiment, store, seeds, settings)
    forecast = session.forecast(gpu_memory_gb=gpu_memory, tokens_per_second=tokens_per_second, jobs=jobs)
    effect = None if detect is None else detect / 100
    found = None if suggestions is None else forecast.suggest(suggestions)
    if stages is not None:
        show_difference(explain(session.plan, session.store, *stages))
    elif json_ or format is PlanFormat.JSON:
        print_json(forecast.document(effect) | ({} if found is None else found.document()))
    elif format is PlanFormat.MERMAID:
        out.print("\n".join(mermaid_lines(session.plan)), markup=False, soft_wrap=True)
    else:
        show_tree(forecast, effect, verbose=verbose)
        if found is not None:
            out.print(_table(found.columns, found.rows()))
        verb = "report" if len(forecast.done) == len(session.plan.stages) else "grid run"
        next_step(next_command(verb, session, store))


def show_tree(forecast: Forecast, effect: float | None, *, verbose: bool = False) -> None:
    """Print the stages as a tree, their resources, why they are not reused, and minimum detectable effects."""
    plan, cost = forecast.plan, forecast.cost
    out.print(stage_tree(plan, forecast.done))
    table = Table.grid(padding=(0, 2))
    saved = cost.naive_train_stages - cost.train_stages
    table.add_row(
        "training",
        f"{count(cost.train_stages, 'stage')}, {cost.train_steps} steps; one run per cell would need "
        f"{cost.naive_train_stages} stages, {cost.naive_train_steps} steps: sharing saves {saved}",
    )
    domains = len(plan.experiment.domains)
    table.add_row("evaluation", f"{cost.evaluations} (every checkpoint on {domains} domains)")
    table.add_row("in the store", f"{cost.done} of {cost.stages} stages ({escape(str(forecast.store.root))})")
    for name, line in lines_in_words(forecast):
        table.add_row(name, escape(line))
    table.add_row("detectable", design_in_words(plan, forecast.items))
    out.print(table)
    if verbose:
        out.print(_table(STAGE_COLUMNS, stage_rows(forecast)))
    if verbose or compares_ways(plan):
        out.print(_table(COST_COLUMNS, cost_rows(forecast.run_costs)))
    for part in power_tables(plan, forecast.items, effect):
        out.print(part)
    for warning in warnings(plan):
        out.print(f"[yellow]warning[/] {escape(warning)}")


def show_difference(found: StageDifference) -> None:
    """Print the differences between the identities of two stages, as sentences and by field."""
    for sentence in found.sentences:
        out.print(sentence, markup=False)
    if found.same_completions:
        out.print("Only the judging differs: both have the same completions.")
    table = Table("field", *(escape(f"{stage.title} ({stage.key[:8]})") for stage in (found.first, found.second)))
    for values in found.fields:
        table.add_row(*(escape(str(value)) for value in values))
    out.print(table)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    table = Table(*columns, box=None, padding=(0, 2))
    for row in rows:
        table.add_row(*map(escape, row))
    return table
