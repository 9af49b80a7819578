"""What follows from a table of published accuracies: the matrices that need no items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from xdomain.analysis.accuracy_table import (
    NEEDS_ITEMS,
    AccuracyTable,
    Pairing,
    Published,
    TableStudy,
    bounded_effect,
    table_study,
)
from xdomain.analysis.analyse import UNKNOWN_BUDGET
from xdomain.analysis.asymmetry import asymmetry_matrices
from xdomain.analysis.contrast import Blank, Effect
from xdomain.analysis.definitions import ACCURACY, STRATEGY_EFFECT, STRATEGY_MATCHED
from xdomain.analysis.effort import unmeasured_effort
from xdomain.analysis.inference import Estimate, Measured, pool_effects
from xdomain.analysis.maxima import bounded_spread
from xdomain.analysis.mix import mix_gain_matrix, mix_gain_over_single_matrix
from xdomain.analysis.multiplicity import word_counts
from xdomain.analysis.odds import odds_matrices
from xdomain.analysis.order import extreme_cell, order_estimates, order_matrix, range_matrix, sensitivity_matrix
from xdomain.analysis.phases import plasticity_matrix, refresh_matrix, retention_matrix
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.relative import relative_ratios, relative_transfer_matrix
from xdomain.analysis.result import AccuracyMatrix, AnalysisResult, Cell, Matrix, Meta, Summary
from xdomain.analysis.runs import Run
from xdomain.analysis.sentences import sentences
from xdomain.analysis.sequence import sequence_matrix
from xdomain.analysis.study import Study
from xdomain.analysis.transfer import change_matrix, mean_diagonal_transfer, transfer_estimates, transfer_matrix
from xdomain.analysis.turnover import turnover
from xdomain.analysis.worded import worded
from xdomain.core.errors import AnalysisError


def analyse_table(table: AccuracyTable, pairing: Pairing = "any") -> AnalysisResult:
    """The matrices that follow from accuracies alone; the others are blank and say why.

    Raises:
        AnalysisError: the table is empty, or an accuracy is no fraction.
    """
    _check(table)
    study = table_study(table, pairing)
    orders, transfer = order_estimates(study), transfer_estimates(study)
    transfers = transfer_matrix(study, transfer)
    levels = _levels(study)
    ratios = relative_ratios(study, transfer)
    asymmetry, asymmetry_logit, asymmetry_relative = asymmetry_matrices(study, transfer, ratios)
    odds, paired = odds_matrices(study)
    result = AnalysisResult(
        accuracy=_accuracy(study, levels),
        change=change_matrix(study, transfers),
        transfer=transfers,
        relative_transfer=relative_transfer_matrix(study, ratios, transfer),
        asymmetry=asymmetry,
        asymmetry_logit=asymmetry_logit,
        asymmetry_relative=asymmetry_relative,
        order_effect=order_matrix(study, orders),
        order_sensitivity=sensitivity_matrix(study, orders),
        permutation_range=range_matrix(study, _range_cell),
        retention=retention_matrix(study),
        plasticity=plasticity_matrix(study),
        refresh=refresh_matrix(study),
        mix_gain=mix_gain_matrix(study),
        mix_gain_over_single=mix_gain_over_single_matrix(study),
        strategy_effect=STRATEGY_EFFECT,
        strategy_matched=STRATEGY_MATCHED,
        sequence=sequence_matrix(study, levels),
        trajectories=(),
        turnover=turnover(study),
        odds_ratio=odds,
        odds_ratio_paired=paired,
        pass_at_k=(),
        contrasts=(),
        effort={run.label: unmeasured_effort(run) for run in study.book},
        items=(),
        summary=Summary(
            mean_diagonal_transfer=worded(study, mean_diagonal_transfer(study, transfer)),
            mean_cross_transfer=Cell(note=NEEDS_ITEMS),
            mean_retention=Cell(note=NEEDS_ITEMS),
            mean_plasticity=Cell(note=NEEDS_ITEMS),
        ),
        sentences=(),
        meta=_meta(table, pairing),
    )
    summary = result.summary.model_copy(update=word_counts(result.matrices()))
    return result.model_copy(update={"summary": summary, "sentences": sentences(result)})


def _check(table: AccuracyTable) -> None:
    if not table.cells:
        raise AnalysisError(f'the accuracy table "{table.name}" is empty.')
    for (run, domain), cell in table.cells.items():
        if not 0 <= cell.accuracy <= 1 or cell.n_items < 1:
            raise AnalysisError(
                f'"{run}" on "{domain}" has the accuracy {cell.accuracy:g} of {cell.n_items} items.',
                where=table.name,
                fix="Accuracies are fractions between 0 and 1, of at least one item.",
            )


def _levels(study: TableStudy) -> dict[tuple[str, str], Measured]:
    effects: dict[tuple[str, str], Effect | Blank] = {}
    for run_id in dict.fromkeys([*study.table.runs, *study.book.runs]):
        run = study.book.run(run_id)
        for domain in study.domains:
            level = study.level(run, domain)
            effects[run.label, domain] = (
                bounded_effect(level.accuracy, level.variance, level.n_items, (domain,), (run.label,))
                if isinstance(level, Published)
                else level
            )
    return pool_effects(effects)


def _accuracy(study: TableStudy, levels: Mapping[tuple[str, str], Measured]) -> AccuracyMatrix:
    published = {str(run) for run in study.table.runs}
    cells = {key: accuracy_cell(measured) for key, measured in levels.items() if key[0] in published}
    matrix = study.matrix(cells, study.domains, ACCURACY)
    fields = {name: getattr(matrix, name) for name in Matrix.model_fields}
    return AccuracyMatrix(**fields, chance=dict.fromkeys(study.domains), answers={})


def _range_cell(study: Study, runs: Sequence[Run], domain: str) -> Cell:
    """Range over orders from the bounded differences of all pairs of them."""
    measured = pool_effects({(a.label, b.label): study.difference(a, b, domain) for a, b in combinations(runs, 2)})
    labels = tuple(run.label for run in runs)
    parts: list[Estimate] = []
    for found in measured.values():
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=labels)
        parts.append(found)
    n_items = min(part.n_items for part in parts)
    note = f"{len(runs)} orders; the plain range, noise not taken off"
    return extreme_cell(bounded_spread(parts), parts, labels, n_items, note)


def _items(table: AccuracyTable) -> Iterator[str]:
    """ "math 500", or "math 200 to 300" where its accuracies are of different tests."""
    for domain in table.domains:
        counts = [cell.n_items for (_, name), cell in table.cells.items() if name == domain]
        if counts:
            least, most = min(counts), max(counts)
            yield f"{domain} {least}" if least == most else f"{domain} {least} to {most}"


def _meta(table: AccuracyTable, pairing: Pairing) -> Meta:
    bound = (
        "hold for any pairing of the items" if pairing == "any" else "hold if the answers of both sides are independent"
    )
    return Meta(
        experiment=table.name,
        model="",
        domains=table.domains,
        curricula=tuple(str(run) for run in table.runs if not run.is_base),
        seeds=(),
        budget=UNKNOWN_BUDGET,
        speaks_of="these checkpoints",
        statements=(
            f"Only aggregates are published: intervals are bounds that {bound}; words follow that bound's adjusted p.",
            "Intervals speak of these checkpoints; nothing is said about a re-run of training.",
            f"Test items by domain: {', '.join(_items(table))}.",
        ),
        items={
            domain: max((cell.n_items for (_, name), cell in table.cells.items() if name == domain), default=0)
            for domain in table.domains
        },
        description={"source": table.source},
    )
