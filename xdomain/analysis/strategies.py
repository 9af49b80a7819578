"""Strategies of one mixed curriculum against a reference: joint where it was run, else the first one listed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Blank, Effect
from xdomain.analysis.definitions import STRATEGY_EFFECT, STRATEGY_MATCHED
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.multiplicity import adjust_matrix
from xdomain.analysis.order import extreme_cell
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.worst import difference_of_minima
from xdomain.config.curriculum import Curriculum
from xdomain.config.run_id import JOINT

MEAN, WORST = "mean of trained domains", "worst domain"
Pair = tuple[Run, Run]


@dataclass(frozen=True)
class Contest:
    """The runs of one curriculum under several strategies.

    Attributes:
        reference: what the others are compared with.
        others: in plan order.
    """

    curriculum: Curriculum
    reference: Run
    others: tuple[Run, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        return (self.reference, *self.others)


def contests(study: Study) -> list[Contest]:
    """Every curriculum that was run with more than one strategy."""
    by_curriculum: dict[Curriculum, list[Run]] = {}
    for run in study.book.trained:
        if run.id.curriculum is not None:
            by_curriculum.setdefault(run.id.curriculum, []).append(run)
    found = []
    for curriculum, runs in by_curriculum.items():
        if len(runs) > 1:
            reference = next((run for run in runs if run.id.strategy == JOINT), runs[0])
            found.append(Contest(curriculum, reference, tuple(run for run in runs if run is not reference)))
    return found


def strategy_matrix(study: Study) -> Matrix:
    """Every strategy against its contest's reference."""
    pairs = [(run, contest.reference) for contest in contests(study) for run in contest.others]
    return paired_matrix(study, pairs, STRATEGY_EFFECT)


def matched_matrix(study: Study, matched: list[Pair]) -> Matrix:
    """Strategies against the joint arm that moves the weights as far."""
    return paired_matrix(study, matched, STRATEGY_MATCHED)


def paired_matrix(study: Study, pairs: list[Pair], template: Matrix) -> Matrix:
    """First against second of each pair on every domain, on the mean of the trained ones and on the worst."""
    effects: dict[tuple[str, str], Effect | Blank] = {}
    for run, other in pairs:
        effects |= {(run.label, domain): study.difference(run, other, domain) for domain in study.domains}
        effects[run.label, MEAN] = _mean(study, run, other)
    cells = {key: to_cell(found) for key, found in pool_effects(effects).items()}
    cells |= {(run.label, WORST): cell for (run, _), cell in zip(pairs, _worst_cells(study, pairs), strict=True)}
    columns = (*study.domains, MEAN, WORST)
    ordered = {(run.label, column): cells[run.label, column] for run, _ in pairs for column in columns}
    matrix = study.matrix(ordered, columns, template)
    families = [
        [(row, column) for row in matrix.rows for column in group] for group in (study.domains, [MEAN], [WORST])
    ]
    return adjust_matrix(matrix, families)


def _trained(study: Study, run: Run) -> list[str]:
    return [domain for domain in study.domains if domain in run.id.domains]


def _mean(study: Study, run: Run, other: Run) -> Effect | Blank:
    domains, compares = _trained(study, run), (run.label, other.label)
    if not domains:
        return Blank("not defined: no evaluated domain is trained", compares)

    def values(aligned: Aligned, part: int) -> FloatArray:
        return (aligned.scores(run) - aligned.scores(other)) / len(domains)

    return study.over_domains([(domain, [run, other]) for domain in domains], values, compares)


def _worst_cells(study: Study, pairs: list[Pair]) -> list[Cell]:
    effects = {
        (place, d, e): _gap(study, run, other, d, e)
        for place, (run, other) in enumerate(pairs)
        for d in _trained(study, run)
        for e in _trained(study, run)
    }
    measured = pool_effects(effects)
    return [_worst_cell(study, run, other, place, measured) for place, (run, other) in enumerate(pairs)]


def _gap(study: Study, run: Run, other: Run, d: str, e: str) -> Effect | Blank:
    """Change of `run` from base on d less that of `other` on e; on one domain the base cancels."""
    if d == e:
        return study.difference(run, other, d)
    base = study.base

    def values(aligned: Aligned, part: int) -> FloatArray:
        if part == 0:
            return aligned.scores(run) - aligned.scores(base)
        return aligned.scores(base) - aligned.scores(other)

    return study.over_domains([(d, [run, base]), (e, [other, base])], values, (run.label, other.label))


def _worst_cell(
    study: Study, run: Run, other: Run, place: int, measured: Mapping[tuple[int, str, str], Measured]
) -> Cell:
    domains, compares = _trained(study, run), (run.label, other.label)
    if not domains:
        return Cell(note="not defined: no evaluated domain is trained", compares=compares)
    rows: list[list[Estimate]] = []
    for d in domains:
        row = []
        for e in domains:
            found = measured[place, d, e]
            if isinstance(found, Blank):
                return Cell(note=found.note, compares=compares)
            if math.isnan(found.variance):
                return Cell(note=f"not defined: no interval on {d}", compares=compares)
            row.append(found)
        rows.append(row)
    worst = domains[min(range(len(domains)), key=lambda place: rows[place][0].value)]
    other_worst = domains[max(range(len(domains)), key=lambda place: rows[0][place].value)]
    note = f"worst is {worst}, under {other.label} {other_worst}"
    flat = [part for row in rows for part in row]
    n_items = sum(rows[each][each].n_items for each in range(len(domains)))
    return extreme_cell(difference_of_minima(rows), flat, compares, n_items, note)
