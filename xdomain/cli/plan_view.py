"""How `grid plan` looks: a tree, JSON or a Mermaid graph."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.tree import Tree

from xdomain.cli import power_view
from xdomain.cli.render import count, duration, out, print_json
from xdomain.cli.setup import Opened
from xdomain.config.domain_source import FileSource
from xdomain.config.experiment import Experiment
from xdomain.core.errors import PlanError
from xdomain.domains.build import build_domains
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.preflight import fewer_than_asked, rows_left_out
from xdomain.plan.checks import training_notes
from xdomain.plan.cost import plan_cost
from xdomain.plan.expand import expand_curricula
from xdomain.plan.explain import changes_in_words, explain_difference, find_stage
from xdomain.plan.graph import Plan
from xdomain.plan.identity import same_completions
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.plan.strategies import strategy_notes
from xdomain.resolve.sizes import evaluated_items
from xdomain.store.history import Rates, estimate_seconds
from xdomain.store.savings import expected_savings
from xdomain.store.stored import StoredStage


def as_json(opened: Opened, effect: float | None = None) -> None:
    """Counts as integers, stages as a list in an order in which parents come first.

    Args:
        effect: a fraction, of which the items and seeds that it needs are told.
    """
    plan, done = opened.plan, opened.store.done(opened.plan.stages.values())
    print_json(
        {
            "experiment": plan.experiment.name,
            "store": str(opened.store.root),
            **asdict(plan_cost(plan, done)),
            "counts": {"done": len(done), "stages": len(plan.stages)},
            "borrowed": _borrowed_json(opened, done),
            "estimate_seconds": estimate_seconds(plan, opened.store, done, _workers(plan)),
            "estimate_workers": _workers(plan),
            "rows_left_out": _left_out(plan),
            "detectable_effect": power_view.as_document(plan, effect),
            "runs": [
                {"curriculum": str(run.curriculum), "seed": run.seed, "strategy": run.strategy, "stages": run.stages}
                for run in plan.runs
            ],
            "stages": [_stage_json(stage, done) for stage in plan.stages.values()],
        }
    )


def as_tree(opened: Opened, effect: float | None = None) -> None:
    """The tree of shared stages of the first seed, what it costs and what it could show; `effect` as in `as_json`."""
    plan, done = opened.plan, opened.store.done(opened.plan.stages.values())
    experiment = plan.experiment
    out.print(_tree(plan, done))
    if len(experiment.seeds) > 1:
        out.print(f"(seed {experiment.seeds[0]} shown; the same for {', '.join(map(str, experiment.seeds[1:]))})")
    cost = plan_cost(plan, done)
    table = Table.grid(padding=(0, 2))
    saved = cost.naive_train_stages - cost.train_stages
    table.add_row(
        "training",
        f"{count(cost.train_stages, 'stage')}, {cost.train_steps} steps; one run per cell would need "
        f"{cost.naive_train_stages} stages, {cost.naive_train_steps} steps: sharing saves {saved}",
    )
    table.add_row("evaluation", f"{cost.evaluations} (every checkpoint on {len(experiment.domains)} domains)")
    table.add_row("in the store", f"{cost.done} of {cost.stages} stages ({opened.store.root})")
    for line in _borrowed(opened, done):
        table.add_row("borrowed", line)
    table.add_row("time left", _time_left(opened, done))
    items = evaluated_items(experiment)
    table.add_row("detectable", power_view.in_words(plan, items))
    out.print(table)
    for part in power_view.tables(plan, items, effect):
        out.print(part)
    for warning in warnings(plan):
        out.print(f"[yellow]warning[/] {warning}")


def as_mermaid(opened: Opened) -> None:
    """Base and training stages as a Mermaid flowchart."""
    plan = opened.plan
    out.print("flowchart LR")
    out.print(f'  {_node(plan.base)}["{plan.base.title}"]')
    for stage in plan.train_stages:
        out.print(f'  {_node(stage)}["{stage.title.replace("->", "→")}"]')
        out.print(f"  {_node(plan.stages[stage.parent.stage])} --> {_node(stage)}")


def explain(opened: Opened, first: str, second: str) -> None:
    """Show what differs between the identities of two stages, in words and field by field.

    Args:
        first: Title, folder or beginning of the key of one stage, of the plan or in the store.
        second: Title, folder or beginning of the key of the other stage.
    """
    one, other = (_planned_or_stored(opened, text) for text in (first, second))
    for sentence in changes_in_words(one.payload, other.payload):
        out.print(sentence, markup=False)
    if one.key != other.key and same_completions(one.payload, other.payload):
        out.print("Only the judging differs: both have the same completions.")
    table = Table("field", *(f"{stage.title} ({stage.key[:8]})" for stage in (one, other)))
    for field, left, right in explain_difference(one.payload, other.payload):
        table.add_row(field, str(left), str(right))
    out.print(table)


def _planned_or_stored(opened: Opened, text: str) -> StageSpec | StoredStage:
    """
    Raises:
        PlanError: Neither the plan nor the store has exactly one stage of this name.
    """
    try:
        return find_stage(opened.plan, text)
    except PlanError:
        stored = opened.store.find(text)
        if len(stored) != 1:
            raise
        return stored[0]


def warnings(plan: Plan) -> list[str]:
    """What a plan allows but a careful reader would want to know."""
    experiment = plan.experiment
    found = []
    if experiment.training.scale_rewards == "batch":
        found.append(
            "scale_rewards: batch divides by a deviation over all domains of a batch, so domains scale one another."
        )
    if experiment.model.hub and not experiment.model.revision:
        found.append("model.revision is not pinned: the hub may change what this file means.")
    if any(stage.steps != experiment.training.steps for stage in plan.train_stages):
        found.append(
            f"phases differ in length (budget {experiment.training.budget}); the report states each side's effort."
        )
    curricula = expand_curricula(experiment)
    notes = training_notes(experiment, curricula) + strategy_notes(experiment, curricula)
    return found + notes + _few_items(experiment) + _left_out(plan)


def _left_out(plan: Plan) -> list[str]:
    """Return a sentence for each domain whose unusable rows were left out."""
    experiment = plan.experiment
    return rows_left_out(build_domains(experiment.domains, experiment.domain_names).values())


def _few_items(experiment: Experiment) -> list[str]:
    """Domains in files with fewer items than the evaluation asks for; `domains check` tells it of every domain."""
    domains = build_domains(experiment.domains, experiment.domain_names)
    notes = [
        fewer_than_asked(domain, experiment.evaluation)
        for domain in domains.values()
        if isinstance(domain, DataDomain) and isinstance(domain.config.source, FileSource)
    ]
    return [note for note in notes if note]


def _time_left(opened: Opened, done: frozenset[str]) -> str:
    rates, workers = Rates(opened.plan, opened.store, done), _workers(opened.plan)
    seconds = rates.seconds_left(done, workers)
    if seconds is None:
        return "unknown: nothing like it was measured in this store"
    others = f" ({', '.join(sorted(rates.borrowed))}: as in other experiments of this store)" if rates.borrowed else ""
    return f"about {duration(seconds)} on {count(workers, 'worker')}{others}"


def _borrowed(opened: Opened, done: frozenset[str]) -> list[str]:
    """Return lines about stored completions that open evaluations reuse or cannot reuse."""
    savings, lines = expected_savings(opened.plan, opened.store, done), []
    if savings.completions:
        tokens = savings.completion_tokens
        saved = "" if tokens is None else f", about {tokens} tokens"
        taken = count(sum(savings.completions.values()), "completion")
        lines.append(
            f"{taken} from the store in {count(len(savings.completions), 'evaluation')}, which are not generated "
            f"again{saved}"
        )
    if savings.refused:
        backend = opened.plan.experiment.evaluation.backend
        lines.append(
            f"no stored samples in {count(len(savings.refused), 'evaluation')}: {backend} does not promise the same "
            "sample for the same seed"
        )
    return lines


def _borrowed_json(opened: Opened, done: frozenset[str]) -> dict[str, Any]:
    savings = expected_savings(opened.plan, opened.store, done)
    return {
        "evaluations": len(savings.completions),
        "completions": sum(savings.completions.values()),
        "completion_tokens": savings.completion_tokens,
        "by_stage": savings.completions,
        "not_repeatable": list(savings.refused),
    }


def _workers(plan: Plan) -> int:
    """Workers that the file names; without, what one would need, for this machine may not be the one that runs it."""
    return plan.experiment.execution.workers or 1


def _tree(plan: Plan, done: frozenset[str]) -> Tree:
    root = Tree(f"{_mark(plan.base, done)} {plan.base.title}")
    branches = {plan.base.key: root}
    for stage in plan.train_stages:
        if stage.seed == plan.experiment.seeds[0]:
            strategy = "" if stage.strategy == "joint" else f" [dim]{stage.strategy}[/]"
            branches[stage.key] = branches[stage.parent.stage].add(
                f"{_mark(stage, done)} {stage.label}{strategy} [dim]{stage.steps} steps[/]"
            )
    return root


def _mark(stage: StageSpec, done: frozenset[str]) -> str:
    return "[green]●[/]" if stage.key in done else "○"


def _node(stage: StageSpec) -> str:
    return f"s{stage.key[:8]}"


def _stage_json(stage: StageSpec, done: frozenset[str]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "key": stage.key,
        "kind": str(stage.kind),
        "title": stage.title,
        "folder": stage.folder,
        "needs": list(stage.needs),
        "done": stage.key in done,
    }
    if isinstance(stage, TrainStage):
        described |= {"curriculum": stage.label, "seed": stage.seed, "steps": stage.steps, "strategy": stage.strategy}
    return described
