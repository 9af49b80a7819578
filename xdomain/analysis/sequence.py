"""Metrics of continual learning along one curriculum.

Source: ACC, BWT, FWT: Lopez-Paz and Ranzato 2017, section 2 (ACC here is over all evaluated domains, so that curricula
of different domains can be compared); forgetting: Chaudhry et al. 2018, section 3.1; worst domain and relative change
are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Blank, Effect
from xdomain.analysis.definitions import SEQUENCE
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.maxima import largest, smallest
from xdomain.analysis.multiplicity import OPPOSITE, adjust_matrix
from xdomain.analysis.order import extreme_cell
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study

COLUMNS = ("ACC", "BWT", "FWT", "forgetting", "worst domain", "relative change")
MOST_EARLIER_PHASES = 4
"""Forgetting compares j^j choices of earlier checkpoints, 256 for 4."""
TESTED = ("BWT", "FWT", "forgetting", "relative change")


def sequence_matrix(study: Study, levels: Mapping[tuple[str, str], Measured]) -> Matrix:
    """All metrics of every planned run.

    Args:
        levels: accuracy of each run on each domain.
    """
    runs = list(study.book.planned)
    cells: dict[tuple[str, str], Cell] = {}
    accuracies = pool_effects({run.label: study.mean_accuracy(run) for run in runs})
    for label, found in accuracies.items():
        cells[label, "ACC"] = accuracy_cell(found)
    for run in runs:
        cells[run.label, "worst domain"] = _worst(study, run, levels)
    trained = [run for run in runs if not run.id.is_base]
    changes = pool_effects({run.label: _relative_change(study, run) for run in trained})
    sequences = [run for run in trained if run.id.is_sequence and all(name in study.domains for name in run.id.order)]
    backward = pool_effects({run.label: _backward(study, run) for run in sequences})
    forward = pool_effects({run.label: _forward(study, run) for run in sequences})
    for column, measured in (("relative change", changes), ("BWT", backward), ("FWT", forward)):
        cells |= {(label, column): to_cell(found) for label, found in measured.items()}
    cells |= {(label, "forgetting"): cell for label, cell in _forgetting(study, sequences).items()}
    ordered = {
        (run.label, column): cells[run.label, column]
        for run in runs
        for column in COLUMNS
        if (run.label, column) in cells
    }
    matrix = study.matrix(ordered, COLUMNS, SEQUENCE)
    adjusted = adjust_matrix(matrix, [[(row, column) for row in matrix.rows] for column in TESTED])
    return _forgetting_is_loss(adjusted)


def _forgetting_is_loss(matrix: Matrix) -> Matrix:
    """Forgetting above 0 is a loss, unlike every other metric."""
    cells = {row: dict(columns) for row, columns in matrix.cells.items()}
    for columns in cells.values():
        cell = columns.get("forgetting")
        if cell is not None and cell.word is not None:
            columns["forgetting"] = cell.model_copy(update={"word": OPPOSITE[cell.word]})
    return matrix.model_copy(update={"cells": cells})


def prefix(study: Study, run: Run, phases: int) -> Run:
    """The run that `run` was after so many phases; the base after none."""
    found = run
    for _ in range(len(run.id.order) - phases):
        if found.id not in study.book.runs:  # what lies before it is not known either
            return found
        found = study.book.parent(found)
    return found


def _relative_change(study: Study, run: Run) -> Effect | Blank:
    """Mean over domains of R[c, d] / R[base, d] - 1, linearised item by item (delta method)."""
    base = study.base
    compares = (run.label, base.label)
    zero: list[str] = []

    def values(aligned: Aligned, part: int) -> FloatArray:
        ours, theirs = aligned.scores(run), aligned.scores(base)
        level = float(theirs.mean())
        if level == 0:
            zero.append(aligned.panel.domain)
            return ours
        ratio = float(ours.mean()) / level
        linear: FloatArray = (ratio - 1 + (ours - ratio * theirs) / level) / len(study.domains)
        return linear

    found = study.over_domains([(domain, [run, base]) for domain in study.domains], values, compares)
    return Blank(f'not defined: the base is at 0 on "{zero[0]}"', compares) if zero else found


def _backward(study: Study, run: Run) -> Effect | Blank:
    terms = [(name, run, prefix(study, run, j + 1)) for j, name in enumerate(run.id.order[:-1])]
    return study.mean_difference(terms, (run.label, *dict.fromkeys(other.label for _, _, other in terms)))


def _forward(study: Study, run: Run) -> Effect | Blank:
    terms = [(name, prefix(study, run, j), study.base) for j, name in enumerate(run.id.order) if j]
    return study.mean_difference(terms, (*dict.fromkeys(left.label for _, left, _ in terms), "base"))


def _forgetting(study: Study, runs: Sequence[Run]) -> dict[str, Cell]:
    """Each choice of the best earlier checkpoint for each domain is one contrast; forgetting is the largest of them."""
    effects: dict[tuple[str, int], Effect | Blank] = {}
    for run in runs:
        earlier = len(run.id.order) - 1
        if earlier > MOST_EARLIER_PHASES:
            note = f"not computed: {earlier}^{earlier} choices of the best earlier checkpoints are too many"
            effects[run.label, 0] = Blank(note, (run.label,))
            continue
        for number, choice in enumerate(product(range(1, earlier + 1), repeat=earlier)):
            best = zip(run.id.order[:-1], choice, strict=True)
            terms = [(name, prefix(study, run, phases), run) for name, phases in best]
            effects[run.label, number] = study.mean_difference(terms, (run.label, terms[0][1].label))
    measured = pool_effects(effects)
    return {
        run.label: _largest_cell([m for key, m in measured.items() if key[0] == run.label], run.label) for run in runs
    }


def _largest_cell(parts: Sequence[Measured], label: str) -> Cell:
    known: list[Estimate] = []
    for part in parts:
        if isinstance(part, Blank):
            return Cell(note=part.note, compares=(label,))
        known.append(part)
    usable = [part for part in known if part.has_interval]
    if not usable:
        return to_cell(known[0])
    if len(known) == 1:
        return to_cell(known[0])
    return extreme_cell(largest(usable), usable, (label,), max(part.n_items for part in usable))


def _worst(study: Study, run: Run, levels: Mapping[tuple[str, str], Measured]) -> Cell:
    known: list[Estimate] = []
    for domain in study.domains:
        found = levels[run.label, domain]
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=(run.label,))
        known.append(found)
    worst = min(range(len(known)), key=lambda position: known[position].value)
    note = f'"{study.domains[worst]}"'
    if not all(part.has_interval for part in known):
        return Cell(
            estimate=known[worst].value, compares=(run.label,), note=note + "; no interval: a domain has no spread"
        )
    extreme = smallest(known)
    cell = extreme_cell(extreme, known, (run.label,), sum(part.n_items for part in known), note)
    limits = {"low": max(0.0, extreme.low), "high": min(1.0, extreme.high), "p": None, "smallest_detectable": None}
    return cell.model_copy(update=limits)
