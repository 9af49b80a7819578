"""The entry: a measured grid in, every matrix with its intervals out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from xdomain.analysis.accuracy import accuracy_estimates, accuracy_matrix, pass_at_k_matrices
from xdomain.analysis.asymmetry import asymmetry_matrices
from xdomain.analysis.best import best_sets
from xdomain.analysis.checkpoints import end_checkpoints
from xdomain.analysis.declared import declared_contrasts
from xdomain.analysis.effort import efforts
from xdomain.analysis.inference import Measured, pool_effects
from xdomain.analysis.items import item_changes
from xdomain.analysis.majority import majority_matrices
from xdomain.analysis.mix import mix_gain_matrix, mix_gain_over_single_matrix
from xdomain.analysis.multiplicity import word_counts
from xdomain.analysis.odds import odds_matrices
from xdomain.analysis.order import order_estimates, order_matrix, range_matrix, sensitivity_matrix
from xdomain.analysis.phases import (
    mean_over_pairs,
    plasticity_cells,
    plasticity_matrix,
    refresh_matrix,
    retention_cells,
    retention_matrix,
)
from xdomain.analysis.relative import relative_ratios, relative_transfer_matrix
from xdomain.analysis.result import AnalysisResult, Meta, Summary
from xdomain.analysis.sentences import sentences
from xdomain.analysis.sequence import sequence_matrix
from xdomain.analysis.strategies import matched_matrix, strategy_matrix
from xdomain.analysis.strategy_cost import matched_pairs, strategy_costs
from xdomain.analysis.study import Study, build_study, templates_statement
from xdomain.analysis.trajectory import trajectories
from xdomain.analysis.transfer import (
    Pair,
    change_matrix,
    mean_cross_transfer,
    mean_diagonal_transfer,
    transfer_estimates,
    transfer_matrix,
)
from xdomain.analysis.turnover import turnover
from xdomain.analysis.worded import worded
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import MeasuredGrid

TWO_SEEDS = (
    "Two seeds do not tell how contrasts that share a run move together: in simulation their 95% intervals held the "
    "truth in as few as 92%, and tests erred in up to 8% of families instead of 5%. Three seeds cure it."
)
UNKNOWN_BUDGET = "unknown"
"""The budget rule of trainings that were not ours."""
EXCEPTIONS = (
    "Marked cells that have one seed speak of these checkpoints: they keep their interval but are not tested as the "
    "recipe."
)


def analyse(grid: MeasuredGrid, model: str | None = None) -> AnalysisResult:
    """Compute every matrix of one experiment from its item records.

    Args:
        model: which model's checkpoints, where the grid holds several.

    Raises:
        AnalysisError: the records cannot be compared as they are (see `build_panels`, `build_runs`), or hold several
            models and none was named.
    """
    grid = one_model(grid, model)
    study = build_study(grid)
    transfer = transfer_estimates(study)
    result = _matrices(grid, study, transfer)
    result = counted(result)
    declared = declared_contrasts(result, grid.contrasts, grid.margin)
    meta = result.meta
    if result.has_exceptions:
        meta = meta.model_copy(update={"statements": (*meta.statements, EXCEPTIONS)})
    result = result.model_copy(update={"contrasts": declared, "meta": meta})
    return result.model_copy(update={"sentences": sentences(result)})


def counted(result: AnalysisResult) -> AnalysisResult:
    """With the numbers of cells that each matrix tests and shows an effect in."""
    summary = result.summary.model_copy(update=word_counts(result.matrices()))
    return result.model_copy(update={"summary": summary})


def one_model(grid: MeasuredGrid, model: str | None) -> MeasuredGrid:
    """Restrict a grid to the checkpoints of one model."""
    models = list(dict.fromkeys(checkpoint.model for checkpoint in grid.checkpoints))
    if model is None and len(models) <= 1:
        return grid
    if model is None or model not in models:
        raise AnalysisError(
            f'experiment "{grid.experiment}" holds the models {", ".join(models)}; a matrix is about one of them.',
            fix="Name the model to analyse, or analyse each with `analyse_each`.",
        )
    kept = tuple(checkpoint for checkpoint in grid.checkpoints if checkpoint.model == model)
    names = {checkpoint.checkpoint for checkpoint in kept}
    return replace(grid, checkpoints=kept, records=grid.records[grid.records["checkpoint"].isin(names)])


def analyse_each(grid: MeasuredGrid) -> dict[str, AnalysisResult]:
    """One result a model."""
    return {name: analyse(grid, name) for name in dict.fromkeys(checkpoint.model for checkpoint in grid.checkpoints)}


def _matrices(grid: MeasuredGrid, study: Study, transfer: Mapping[Pair, Measured]) -> AnalysisResult:
    levels = accuracy_estimates(study)
    orders = order_estimates(study)
    ratios = relative_ratios(study, transfer)
    asymmetry, asymmetry_logit, asymmetry_relative = asymmetry_matrices(study, transfer, ratios)
    odds, paired = odds_matrices(study)
    transfers = transfer_matrix(study, transfer)
    meta = _meta(grid, study)
    return AnalysisResult(
        accuracy=accuracy_matrix(study, levels, grid),
        change=change_matrix(study, transfers),
        transfer=transfers,
        relative_transfer=relative_transfer_matrix(study, ratios, transfer),
        asymmetry=asymmetry,
        asymmetry_logit=asymmetry_logit,
        asymmetry_relative=asymmetry_relative,
        order_effect=order_matrix(study, orders),
        order_sensitivity=sensitivity_matrix(study, orders),
        permutation_range=range_matrix(study),
        retention=retention_matrix(study),
        plasticity=plasticity_matrix(study),
        refresh=refresh_matrix(study),
        mix_gain=mix_gain_matrix(study),
        mix_gain_over_single=mix_gain_over_single_matrix(study),
        strategy_effect=strategy_matrix(study),
        strategy_matched=matched_matrix(study, matched_pairs(study)),
        strategies=strategy_costs(study),
        sequence=sequence_matrix(study, levels),
        trajectories=trajectories(study),
        turnover=turnover(study),
        odds_ratio=odds,
        odds_ratio_paired=paired,
        pass_at_k=pass_at_k_matrices(study, meta.samples) + majority_matrices(study, grid.records, meta.samples),
        contrasts=(),
        effort=efforts(study),
        checkpoints=end_checkpoints(study),
        items=item_changes(study, grid.records, grid.prompts),
        summary=_summary(study, transfer),
        sentences=(),
        meta=meta,
    )


def _summary(study: Study, transfer: Mapping[Pair, Measured]) -> Summary:
    """The means and the sets that are not beaten; what was shown is counted once every matrix is there."""
    means = pool_effects({"cross": mean_cross_transfer(study)})
    means |= pool_effects({"retention": mean_over_pairs(study, retention_cells(study))})
    means |= pool_effects({"plasticity": mean_over_pairs(study, plasticity_cells(study))})
    return Summary(
        mean_diagonal_transfer=worded(study, mean_diagonal_transfer(study, transfer)),
        mean_cross_transfer=worded(study, means["cross"]),
        mean_retention=worded(study, means["retention"]),
        mean_plasticity=worded(study, means["plasticity"]),
        best=best_sets(study),
    )


def _meta(grid: MeasuredGrid, study: Study) -> Meta:
    seeds = study.book.measured_seeds
    several = len(seeds) > 1
    budget = grid.budget or UNKNOWN_BUDGET
    statements = [
        "Intervals are 95% and unadjusted; words follow the p adjusted within each matrix.",
        "Accuracies are compared on common items, paired by item and with seeds crossed; a truncated answer is wrong, "
        "a missing verdict is left out.",
    ]
    if several:
        statements.append(f"{len(seeds)} training seeds: intervals speak of the recipe, a re-run of training included.")
        statements += [TWO_SEEDS] if len(seeds) == 2 else []
    elif seeds or grid.planned is None:
        statements.append(
            "One training seed: intervals speak of these checkpoints; nothing is said about a re-run of training."
        )
    statements.append(f"Budget rule {budget}: compare the effort of both sides before reading a difference.")
    if study.templates:
        statements.append(templates_statement(study.templates))
    panels = study.panels
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
        missing=grid.missing,
        planned=grid.planned,
        templates=study.templates,
        items={name: len(panel.item_ids) for name, panel in panels.items()},
        samples={name: int(panel.judged[panel.judged > 0].min(initial=1_000_000)) for name, panel in panels.items()},
        description=dict(grid.description),
    )
