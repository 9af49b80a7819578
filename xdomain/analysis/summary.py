"""Summary numbers: means of transfer, retention and plasticity, and the runs not beaten."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from xdomain.analysis.best import best_sets
from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect
from xdomain.analysis.estimands.plasticity import plasticity_cells
from xdomain.analysis.estimands.retention import retention_cells
from xdomain.analysis.inference import Measured, combine, pool_effects, to_cell
from xdomain.analysis.measurements import Measurements
from xdomain.analysis.multiplicity import equivalences, word_for
from xdomain.analysis.possible import cut
from xdomain.analysis.result import Cell, Summary
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study


def summarise(measurements: Measurements) -> Summary:
    """Return the means and the sets of runs not beaten. Shown effects are counted later, when every matrix is known."""
    study = measurements.study
    means = pool_effects({"cross": mean_cross_transfer(study)})
    means |= pool_effects({"retention": mean_over_pairs(study, retention_cells(study))})
    means |= pool_effects({"plasticity": mean_over_pairs(study, plasticity_cells(study))})
    return Summary(
        mean_diagonal_transfer=mean_cell(study, mean_diagonal_transfer(measurements)),
        mean_cross_transfer=mean_cell(study, means["cross"]),
        mean_retention=mean_cell(study, means["retention"]),
        mean_plasticity=mean_cell(study, means["plasticity"]),
        best=best_sets(study),
    )


def mean_cell(study: Study, measured: Measured) -> Cell:
    """Return the cell of a mean, which is a separate family, so its p needs no adjustment."""
    cell = study.spoken(cut(to_cell(measured)))
    (within,) = equivalences([cell], study.margin, "holm")
    return cell.model_copy(update={"p_adjusted": cell.p, "word": word_for(cell, cell.p, signed=True), **within})


def mean_diagonal_transfer(measurements: Measurements) -> Measured:
    """Return the mean over domains of transfer(d on d). Runs and items differ between domains, so variances add."""
    estimates = measurements.transfer
    own = [estimates[name, name] for name in measurements.study.singles if (name, name) in estimates]
    return (
        combine(own, [1 / len(own)] * len(own)) if own else Blank("not defined: no single run on an evaluated domain")
    )


def mean_cross_transfer(study: Study) -> Effect | Blank:
    """Return the mean over ordered pairs of transfer(A on d).

    One run answers on several domains, so seeds are kept as blocks.
    """
    singles, base = study.singles, study.base
    pairs = [(a, d) for a, d in permutations(singles, 2) if d in study.domains]
    pairs += [(a, d) for a in singles for d in study.domains if d not in singles]
    if not pairs:
        return Blank("not defined: no pair of different domains")
    domains = list(dict.fromkeys(d for _, d in pairs))
    runs = [[singles[a] for a, d in pairs if d == domain] for domain in domains]

    def values(aligned: Aligned, part: int) -> FloatArray:
        total = sum(aligned.scores(run) - aligned.scores(base) for run in runs[part])
        return np.asarray(total, dtype=np.float64) / len(pairs)

    return study.over_domains([(d, [*r, base]) for d, r in zip(domains, runs, strict=True)], values, ())


def mean_over_pairs(study: Study, cells: Mapping[tuple[str, str], tuple[Run, Run]]) -> Effect | Blank:
    """Return the mean over the ordered pairs (A -> B).

    Pairs share parents, so seeds are kept as blocks over all of them.
    """
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
