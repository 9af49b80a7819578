"""What most commands begin with: options, the experiment, its plan and the store."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from xdomain.core.measurement import MeasuredGrid
    from xdomain.domains.base import Domain
    from xdomain.plan.graph import Plan
    from xdomain.plan.stage import StageRef
    from xdomain.store.store import Store

ExperimentPath = Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="The experiment's YAML file.")]
StorePath = Annotated[
    Path | None, typer.Option("--store", help="Run directory [default: the file's, $XDOMAIN_STORE, ./xdomain-store].")
]
Seeds = Annotated[str | None, typer.Option("--seeds", help='Training seeds in place of the file\'s: "0,1,2".')]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="Override a field: training.steps=20. May be given several times.")
]
BaseSettings = Annotated[
    list[str] | None, typer.Option("--base-set", help="Like --set, for the base alone: model.chat_template=false.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@dataclass(frozen=True)
class Opened:
    """An experiment, its plan and the store it runs in."""

    path: Path
    plan: Plan
    store: Store


def open_experiment(path: Path, store: Path | None, seeds: str | None, settings: list[str] | None) -> Opened:
    """Load, resolve and plan; no torch."""
    from xdomain.config.load import load_experiment
    from xdomain.core.errors import ConfigError
    from xdomain.plan.graph import build_plan
    from xdomain.resolve.identities import resolve_identities
    from xdomain.store.store import Store

    overrides = list(settings or [])
    if seeds is not None:
        try:
            overrides.append(f"seeds=[{','.join(str(int(part)) for part in seeds.split(','))}]")
        except ValueError:
            raise ConfigError(f'"{seeds}" should be whole numbers with commas.', where="--seeds") from None
    experiment = load_experiment(path, overrides)
    opened = Store(store or default_store(experiment.store))  # first: it may be another version's
    return Opened(path, build_plan(experiment, resolve_identities(experiment)), opened)


def open_stages(
    first: str, second: str | None, store: Path | None, seeds: str | None, settings: list[str] | None
) -> tuple[Store, Collection[StageRef], str]:
    """A store, stages in it, and the text that names one of them.

    Args:
        first: the experiment's file; without `second` the text, for a stage of any experiment that ran in the store.
        second: the text.
    """
    from xdomain.store.experiments import stages_beside
    from xdomain.store.store import Store

    if second is not None:
        opened = open_experiment(Path(first), store, seeds, settings)
        return opened.store, opened.plan.stages.values(), second
    found = Store(store or default_store())
    return found, stages_beside(found, first), first


def default_store(configured: str | None = None) -> Path:
    """The file's store, else $XDOMAIN_STORE, else ./xdomain-store."""
    return Path(configured or os.environ.get("XDOMAIN_STORE") or "xdomain-store")


def measure(opened: Opened, *, with_text: bool = False) -> MeasuredGrid:
    """What the store holds of the experiment, ready for analysis."""
    from xdomain.core.errors import AnalysisError
    from xdomain.domains.base import Split
    from xdomain.domains.build import build_domains
    from xdomain.domains.check import chance_levels, prompts
    from xdomain.store.query import measured_grid

    experiment = opened.plan.experiment
    domains, split = build_domains(experiment.domains, experiment.domain_names), Split(experiment.evaluation.split)
    chance = chance_levels(domains, split)
    description = describe(opened) | left_out_of(domains.values())
    grid = measured_grid(opened.plan, opened.store, chance=chance, description=description, with_text=with_text)
    if grid.records.empty:
        raise AnalysisError(
            f'nothing of experiment "{experiment.name}" was evaluated yet.',
            where=str(opened.store.root),
            fix=f"Run `xdomain grid run {opened.path}` first, or name its store with --store.",
        )
    return replace(grid, prompts=prompts(domains, split)) if with_text else grid


def left_out_of(domains: Iterable[Domain]) -> dict[str, Any]:
    """Return the part of a description that counts unusable rows; empty if no domain left any out."""
    from xdomain.domains.preflight import rows_left_out

    found = rows_left_out(domains)
    return {"rows_left_out": found} if found else {}


def describe(opened: Opened) -> dict[str, Any]:
    """What a reader of the report needs to know of the run."""
    experiment = opened.plan.experiment
    training, evaluation, model = experiment.training, experiment.evaluation, experiment.model
    kind, value = model.source
    return {
        "file": opened.path.name,
        "command": f"xdomain grid run {opened.path}",
        "model": f"{value} ({kind})" + (f" at {model.revision}" if model.revision else ""),
        "warmup": model.warmup.model_dump(mode="json") if model.warmup else None,
        "adapter": model.lora.model_dump(mode="json") if model.lora else None,
        "algorithm": f"GRPO ({training.loss_type} loss)",
        "steps": training.steps,
        "budget": training.budget,
        "prompts_per_step": training.prompts_per_step,
        "generations": training.generations,
        "learning_rate": training.learning_rate,
        "max_completion_tokens": training.max_completion_tokens,
        "evaluation": {
            "items": evaluation.items,
            "samples": evaluation.samples,
            "temperature": evaluation.temperature,
            "split": evaluation.split,
            "backend": evaluation.backend,
        },
    }
