"""Read the records of an experiment from the store in the form that the analysis uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from xdomain.core.errors import AnalysisError
from xdomain.domains.base import Domain, Split
from xdomain.domains.build import build_domains
from xdomain.domains.check import chance_levels, prompts
from xdomain.domains.preflight import rows_left_out
from xdomain.plan.graph import Plan
from xdomain.plan.measurement import MeasuredGrid
from xdomain.plan.origin import options_text
from xdomain.plan.recipe_words import recipe_document
from xdomain.store.query import measured_grid
from xdomain.store.store import Store


def measure(plan: Plan, store: Store, path: Path | None = None, *, with_text: bool = False) -> MeasuredGrid:
    """Read the records of every finished evaluation.

    Args:
        plan: Plan of the experiment.
        store: The store.
        path: File of the experiment, which the report names.
        with_text: Also read completions and prompts.

    Raises:
        AnalysisError: No evaluation has finished yet.
    """
    experiment = plan.experiment
    domains, split = build_domains(experiment.domains, experiment.domain_names), Split(experiment.evaluation.split)
    chance = chance_levels(domains, split)
    description = describe(plan, path) | plan.origin.description | left_out_of(domains.values())
    grid = measured_grid(plan, store, chance=chance, description=description, with_text=with_text)
    if grid.records.empty:
        raise AnalysisError(
            f'no evaluation of experiment "{experiment.name}" has finished yet.',
            where=str(store.root),
            fix=f"Run `{run_command(plan, path)}` first, or name its store with --store.",
        )
    return replace(grid, prompts=prompts(domains, split)) if with_text else grid


def left_out_of(domains: Iterable[Domain]) -> dict[str, Any]:
    """Return the part of a description that counts unusable rows; {} if no domain left any out."""
    found = rows_left_out(domains)
    return {"rows_left_out": found} if found else {}


def run_command(plan: Plan, path: Path | None) -> str:
    """Return the command line that runs an experiment."""
    return f"xdomain grid run {path or plan.experiment.name} {options_text(plan.origin.settings)}".rstrip()


def describe(plan: Plan, path: Path | None) -> dict[str, Any]:
    """Return the settings that readers of the report need to know."""
    experiment = plan.experiment
    training, evaluation, model = experiment.training, experiment.evaluation, experiment.model
    kind, value = model.source
    return {
        "file": path.name if path else None,
        "command": run_command(plan, path),
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
    } | ({"recipes": recipe_document(experiment)} if experiment.overrides else {})
