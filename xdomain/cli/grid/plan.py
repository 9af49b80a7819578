"""`xdomain grid plan`: a tree, JSON or a Mermaid graph."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from xdomain.api.next_steps import next_command
from xdomain.api.planning import Forecast, StageDifference, explain, warnings
from xdomain.cli.grid.power_tables import design_in_words, power_tables
from xdomain.cli.options import ExperimentPath, Json, Seeds, Settings, StorePath, opened
from xdomain.cli.render import next_step, out, print_json
from xdomain.config.run_id import JOINT
from xdomain.core.words import count, duration
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageRef


class PlanFormat(StrEnum):
    TREE = "tree"
    JSON = "json"
    MERMAID = "mermaid"


def plan(
    experiment: ExperimentPath,
    format: Annotated[PlanFormat, typer.Option("--format", help="How to print it.")] = PlanFormat.TREE,  # noqa: A002
    stages: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--explain", metavar="A B", help="Say why the keys of two stages differ, planned or in the store."
        ),
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
    session = opened(experiment, store, seeds, settings)
    forecast = session.forecast()
    effect = None if detect is None else detect / 100
    if stages is not None:
        show_difference(explain(session.plan, session.store, *stages))
    elif json_ or format is PlanFormat.JSON:
        print_json(forecast.document(effect))
    elif format is PlanFormat.MERMAID:
        show_mermaid(session.plan)
    else:
        show_tree(forecast, effect)
        verb = "report" if len(forecast.done) == len(session.plan.stages) else "grid run"
        next_step(next_command(verb, session, store))


def show_tree(forecast: Forecast, effect: float | None) -> None:
    """Print the shared stages of the first seed as a tree, what the plan costs and what it could detect."""
    plan, cost = forecast.plan, forecast.cost
    experiment = plan.experiment
    out.print(_tree(plan, forecast.done))
    if len(experiment.seeds) > 1:
        out.print(f"(seed {experiment.seeds[0]} shown; the same for {', '.join(map(str, experiment.seeds[1:]))})")
    table = Table.grid(padding=(0, 2))
    saved = cost.naive_train_stages - cost.train_stages
    table.add_row(
        "training",
        f"{count(cost.train_stages, 'stage')}, {cost.train_steps} steps; one run per cell would need "
        f"{cost.naive_train_stages} stages, {cost.naive_train_steps} steps: sharing saves {saved}",
    )
    table.add_row("evaluation", f"{cost.evaluations} (every checkpoint on {len(experiment.domains)} domains)")
    table.add_row("in the store", f"{cost.done} of {cost.stages} stages ({escape(str(forecast.store.root))})")
    for line in _borrowed(forecast):
        table.add_row("borrowed", line)
    table.add_row("time left", _time_left(forecast))
    table.add_row("detectable", design_in_words(plan, forecast.items))
    out.print(table)
    for part in power_tables(plan, forecast.items, effect):
        out.print(part)
    for warning in warnings(plan):
        out.print(f"[yellow]warning[/] {escape(warning)}")


def show_mermaid(plan: Plan) -> None:
    """Print base and training stages as a Mermaid flowchart."""
    lines = ["flowchart LR", f'  {_node(plan.base)}["{plan.base.title}"]']
    for stage in plan.train_stages:
        lines.append(f'  {_node(stage)}["{stage.title.replace("->", "→")}"]')
        lines.append(f"  {_node(plan.stages[stage.parent.stage])} --> {_node(stage)}")
    out.print("\n".join(lines), markup=False, soft_wrap=True)


def show_difference(found: StageDifference) -> None:
    """Print what differs between the identities of two stages, in words and field by field."""
    for sentence in found.sentences:
        out.print(sentence, markup=False)
    if found.same_completions:
        out.print("Only the judging differs: both have the same completions.")
    table = Table("field", *(escape(f"{stage.title} ({stage.key[:8]})") for stage in (found.first, found.second)))
    for values in found.fields:
        table.add_row(*(escape(str(value)) for value in values))
    out.print(table)


def _time_left(forecast: Forecast) -> str:
    seconds, rates = forecast.seconds_left, forecast.rates
    if seconds is None:
        return "unknown: nothing like it was measured in this store"
    others = f" ({', '.join(sorted(rates.borrowed))}: as in other experiments of this store)" if rates.borrowed else ""
    return f"about {duration(seconds)} on {count(forecast.workers, 'worker')}{others}"


def _borrowed(forecast: Forecast) -> list[str]:
    """Return lines about stored completions that open evaluations reuse or cannot reuse."""
    savings, lines = forecast.savings, []
    if savings.completions:
        tokens = savings.completion_tokens
        saved = "" if tokens is None else f", about {tokens} tokens"
        taken = count(sum(savings.completions.values()), "completion")
        lines.append(
            f"{taken} from the store in {count(len(savings.completions), 'evaluation')}, which are not generated "
            f"again{saved}"
        )
    if savings.refused:
        backend = forecast.plan.experiment.evaluation.backend
        lines.append(
            f"no stored samples in {count(len(savings.refused), 'evaluation')}: {backend} does not promise the same "
            "sample for the same seed"
        )
    return lines


def _tree(plan: Plan, done: frozenset[str]) -> Tree:
    root = Tree(f"{_mark(plan.base, done)} {escape(plan.base.title)}")
    branches = {plan.base.key: root}
    for stage in plan.train_stages:
        if stage.seed == plan.experiment.seeds[0]:
            strategy = "" if stage.run.strategy == JOINT else f" [dim]{stage.run.strategy}[/]"
            branches[stage.key] = branches[stage.parent.stage].add(
                f"{_mark(stage, done)} {stage.run.curriculum}{strategy} [dim]{stage.steps} steps[/]"
            )
    return root


def _mark(stage: StageRef, done: frozenset[str]) -> str:
    return "[green]●[/]" if stage.key in done else "○"


def _node(stage: StageRef) -> str:
    return f"s{stage.key[:8]}"
