"""What a later phase does to earlier domains (retention) and earlier phases to a later one (plasticity)."""

from __future__ import annotations

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Blank, Effect
from xdomain.analysis.definitions import PLASTICITY, REFRESH, RETENTION
from xdomain.analysis.inference import pool_effects, to_cell
from xdomain.analysis.multiplicity import adjust_matrix, whole_matrix
from xdomain.analysis.result import Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.config.curriculum import Curriculum

Cells = dict[tuple[str, str], tuple[Run, Run]]


def retention_cells(study: Study) -> Cells:
    """(run, t) to the run and its parent, for t in earlier phases and not in the last."""
    found: Cells = {}
    for run in study.book.trained:
        if len(run.id.phases) < 2:
            continue
        parent = study.book.parent(run)
        for domain in study.domains:
            if domain in run.id.domains and domain not in run.id.phases[-1].domains:
                found[run.label, domain] = (run, parent)
    return found


def plasticity_cells(study: Study) -> Cells:
    """(run, t) to the run and the run of its last phase alone, for t in the last phase; also for the control A -> A."""
    found: Cells = {}
    for run in study.book.trained:
        if len(run.id.phases) < 2:
            continue
        alone = study.book.of_curriculum(Curriculum(run.id.phases[-1:]), run.id.strategy)
        if alone is None or not alone.planned:
            continue
        for domain in study.domains:
            if domain in run.id.phases[-1].domains:
                found[run.label, domain] = (run, alone)
    return found


def refresh_cells(study: Study) -> Cells:
    """(run, t) to the run and its parent, for t in the last phase, in an earlier one, and not in the one between."""
    found: Cells = {}
    for run in study.book.trained:
        if len(run.id.phases) < 3:
            continue
        *earlier, before, last = run.id.phases
        parent = study.book.parent(run)
        for domain in study.domains:
            trained_before = any(domain in phase.domains for phase in earlier)
            if domain in last.domains and domain not in before.domains and trained_before:
                found[run.label, domain] = (run, parent)
    return found


def refresh_matrix(study: Study) -> Matrix:
    return _matrix(study, refresh_cells(study), REFRESH)


def retention_matrix(study: Study) -> Matrix:
    return _matrix(study, retention_cells(study), RETENTION)


def plasticity_matrix(study: Study) -> Matrix:
    return _matrix(study, plasticity_cells(study), PLASTICITY)


def _matrix(study: Study, cells: Cells, template: Matrix) -> Matrix:
    measured = pool_effects({key: study.difference(run, other, key[1]) for key, (run, other) in cells.items()})
    matrix = study.matrix({key: to_cell(found) for key, found in measured.items()}, study.domains, template)
    return adjust_matrix(matrix, [whole_matrix(matrix)])


def mean_over_pairs(study: Study, cells: Cells) -> Effect | Blank:
    """Mean over the ordered pairs (A -> B); pairs share parents, so seeds are kept as blocks over all of them."""
    pairs = {key: sides for key, sides in cells.items() if _is_pair(sides[0])}
    if not pairs:
        return Blank("not defined: no pair of different domains was planned")
    domains = list(dict.fromkeys(domain for _, domain in pairs))
    sides = {domain: [pairs[key] for key in pairs if key[1] == domain] for domain in domains}

    def values(aligned: Aligned, part: int) -> FloatArray:
        differences = [aligned.scores(run) - aligned.scores(other) for run, other in sides[domains[part]]]
        total: FloatArray = sum(differences[1:], start=differences[0])
        return total / len(pairs)

    return study.over_domains(
        [(domain, [run for pair in sides[domain] for run in pair]) for domain in domains], values, ()
    )


def _is_pair(run: Run) -> bool:
    return run.id.is_sequence and len(run.id.order) == 2 and run.id.order[0] != run.id.order[1]
