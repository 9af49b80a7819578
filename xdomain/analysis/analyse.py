"""Entry point of the analysis: compute all matrices with intervals from a measured grid."""

from __future__ import annotations

from dataclasses import replace

from xdomain.analysis.alarms import monitored_domains
from xdomain.analysis.checkpoints import end_checkpoints
from xdomain.analysis.course import course
from xdomain.analysis.declared import declared_contrasts
from xdomain.analysis.effort import efforts
from xdomain.analysis.estimands import estimands
from xdomain.analysis.findings import worded
from xdomain.analysis.items import item_changes
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.multiplicity import word_counts
from xdomain.analysis.predictions import scored_predictions
from xdomain.analysis.recovery import recoveries
from xdomain.analysis.result import AnalysisResult, Meta
from xdomain.analysis.strategy_cost import strategy_costs
from xdomain.analysis.study import build_study, templates_statement
from xdomain.analysis.summary import summarise
from xdomain.analysis.trajectory import trajectories
from xdomain.analysis.ways_to_combine import ways_to_combine
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import MeasuredGrid

TWO_SEEDS = (
    "With two seeds, the correlation of contrasts that share a run is unknown: in simulation, their 95% intervals held "
    "the truth in as few as 92%, and tests erred in up to 8% of families instead of 5%. Three seeds avoid this."
)
UNKNOWN_BUDGET = "unknown"
"""Budget rule of training that was not run by xdomain."""
EXCEPTIONS = (
    "Marked cells with one seed cover these checkpoints only: they keep their interval but are not tested as the "
    "recipe."
)


def analyse(grid: MeasuredGrid, model: str | None = None) -> AnalysisResult:
    """Compute every matrix of one experiment from its item records.

    Args:
        model: Model whose checkpoints are analysed, if the grid holds several.

    Raises:
        AnalysisError: The records cannot be compared (see `build_panels`, `build_runs`), or hold several models and
            none was named.
        PluginError: The experiment names an estimand that no installed package provides.
    """
    grid = one_model(grid, model)
    study = build_study(grid)
    measurements = Measurements(study, grid, estimands(grid.estimands))
    result = counted(
        AnalysisResult(
            matrices=measurements.matrices(),
            trajectories=trajectories(study),
            strategies=strategy_costs(study),
            ways_to_combine=ways_to_combine(study),
            course=course(study),
            alarms=monitored_domains(study),
            recoveries=recoveries(study),
            predictions=scored_predictions(study, grid.predictions),
            contrasts=(),
            effort=efforts(study),
            checkpoints=end_checkpoints(study),
            items=item_changes(study, grid.records, grid.prompts),
            summary=summarise(measurements),
            sentences=(),
            meta=_meta(measurements),
        )
    )
    declared = declared_contrasts(result, grid.contrasts, grid.margin)
    meta = result.meta
    if result.has_exceptions:
        meta = meta.model_copy(update={"statements": (*meta.statements, EXCEPTIONS)})
    return worded(result.model_copy(update={"contrasts": declared, "meta": meta}))


def counted(result: AnalysisResult) -> AnalysisResult:
    """Return a copy that counts the tested cells of each matrix, and those with an effect shown."""
    summary = result.summary.model_copy(update=word_counts(result.matrices))
    return result.model_copy(update={"summary": summary})


def one_model(grid: MeasuredGrid, model: str | None) -> MeasuredGrid:
    """Restrict a grid to the checkpoints of one model."""
    models = list(dict.fromkeys(checkpoint.model for checkpoint in grid.checkpoints))
    if model is None and len(models) <= 1:
        return grid
    if model is None or model not in models:
        raise AnalysisError(
            f'experiment "{grid.experiment}" holds the models {", ".join(models)}; a matrix describes only one model.',
            fix="Name the model to analyse, or analyse each with `analyse_each`.",
        )
    kept = tuple(checkpoint for checkpoint in grid.checkpoints if checkpoint.model == model)
    names = {checkpoint.checkpoint for checkpoint in kept}
    return replace(grid, checkpoints=kept, records=grid.records[grid.records["checkpoint"].isin(names)])


def analyse_each(grid: MeasuredGrid) -> dict[str, AnalysisResult]:
    """Return one result per model."""
    return {name: analyse(grid, name) for name in dict.fromkeys(checkpoint.model for checkpoint in grid.checkpoints)}


def _meta(measurements: Measurements) -> Meta:
    grid, study = measurements.grid, measurements.study
    seeds = study.book.measured_seeds
    several = len(seeds) > 1
    budget = grid.budget or UNKNOWN_BUDGET
    statements = [
        "Intervals are 95% and unadjusted; conclusions follow the p adjusted within each matrix.",
        "Accuracies are compared on common items, paired by item, with seeds crossed. Truncated answers are wrong; "
        "samples without a verdict are left out.",
    ]
    if several:
        statements.append(f"{len(seeds)} training seeds: intervals cover the recipe, including a re-run of training.")
        statements += [TWO_SEEDS] if len(seeds) == 2 else []
    elif seeds or grid.planned is None:
        statements.append("One training seed: intervals cover these checkpoints only, not a re-run of training.")
    statements.append(f"Budget rule {budget}: compare the effort of both sides before interpreting a difference.")
    statements += grid.statements
    if study.templates:
        statements.append(templates_statement(study.templates))
    return Meta(
        experiment=grid.experiment,
        model=next((checkpoint.model for checkpoint in grid.checkpoints), ""),
        domains=study.domains,
        curricula=tuple(run.label for run in study.book.trained),
        seeds=seeds,
        budget=budget,
        margin=grid.margin,
        speaks_of="the recipe" if several else "these checkpoints",
        statements=tuple(statements),
        declared=tuple(map(str, grid.declared)),
        missing=grid.missing,
        planned=grid.planned,
        templates=study.templates,
        items={name: len(panel.item_ids) for name, panel in study.panels.items()},
        samples=measurements.samples,
        description=dict(grid.description),
    )
