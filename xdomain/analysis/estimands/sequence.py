"""Metrics of continual learning along one curriculum.

Source: ACC, BWT, FWT: Lopez-Paz and Ranzato 2017, section 2 (ACC here is over all evaluated domains, so that curricula
of different domains can be compared); forgetting: Chaudhry et al. 2018, section 3.1; worst domain and relative change
are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand, Place
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.columns import FloatArray
    from xdomain.analysis.contrast import Aligned, Effect
    from xdomain.analysis.inference import Estimate, Measured
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.study import Study

QUANTITIES = {
    "acc": "ACC",
    "bwt": "BWT",
    "fwt": "FWT",
    "forgetting": "forgetting",
    "worst_domain": "worst domain",
    "relative_change": "relative change",
}
"""Column of each quantity."""
COLUMNS = tuple(QUANTITIES.values())
NOT_TESTED = ("acc", "worst_domain")
MOST_EARLIER_PHASES = 4
"""Maximum number j of earlier phases. Forgetting compares j^j choices of earlier checkpoints, 256 for 4."""


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return all metrics of every planned run."""
    study, runs = measurements.study, measurements.study.book.planned
    trained = study.book.trained
    sequences = [run for run in trained if run.id.is_sequence and all(name in study.domains for name in run.id.order)]
    by_column = {
        "ACC": measurements.level_cells({run.label: study.mean_accuracy(run) for run in runs}),
        "worst domain": {run.label: _worst(measurements, run) for run in runs},
        "relative change": measurements.cells({run.label: _relative_change(study, run) for run in trained}),
        "BWT": measurements.cells({run.label: _backward(study, run) for run in sequences}),
        "FWT": measurements.cells({run.label: _forward(study, run) for run in sequences}),
        "forgetting": _forgetting(measurements, sequences),
    }
    cells = {
        (run.label, column): by_column[column][run.label]
        for run in runs
        for column in COLUMNS
        if run.label in by_column[column]
    }
    tested = [column for name, column in QUANTITIES.items() if name not in NOT_TESTED]
    families = [[key for key in cells if key[1] == column] for column in tested]
    return _forgetting_is_loss(measurements.tested(template, cells, COLUMNS, families))


def _forgetting_is_loss(matrix: Matrix) -> Matrix:
    """Mark forgetting above 0 as a loss, unlike the other metrics."""
    cells = {row: dict(columns) for row, columns in matrix.cells.items()}
    for columns in cells.values():
        cell = columns.get("forgetting")
        if cell is not None and cell.word is not None:
            columns["forgetting"] = cell.model_copy(update={"word": cell.opposite_word})
    return matrix.model_copy(update={"cells": cells})


def prefix(study: Study, run: Run, phases: int) -> Run:
    """Return the run made of the first `phases` phases of `run`; the base model for 0."""
    found = run
    for _ in range(len(run.id.order) - phases):
        if found.id not in study.book.runs:  # earlier phases are unknown too
            return found
        found = study.book.parent(found)
    return found


def _relative_change(study: Study, run: Run) -> Effect | Blank:
    """Return the mean over domains of R[c, d] / R[base, d] - 1, linearised item by item (delta method)."""
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
    return Blank(f'not defined: the base model is at 0 on "{zero[0]}"', compares) if zero else found


def _backward(study: Study, run: Run) -> Effect | Blank:
    terms = [(name, run, prefix(study, run, j + 1)) for j, name in enumerate(run.id.order[:-1])]
    return study.mean_difference(terms, (run.label, *dict.fromkeys(other.label for _, _, other in terms)))


def _forward(study: Study, run: Run) -> Effect | Blank:
    terms = [(name, prefix(study, run, j), study.base) for j, name in enumerate(run.id.order) if j]
    return study.mean_difference(terms, (*dict.fromkeys(left.label for _, left, _ in terms), "base"))


def _forgetting(measurements: Measurements, runs: Sequence[Run]) -> dict[str, Cell]:
    """Return the forgetting of each run.

    Each choice of the best earlier checkpoint per domain is one contrast; forgetting is the largest of them.
    """
    study = measurements.study
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
    parts: dict[str, list[Measured]] = {}
    for (label, _), found in measurements.pooled(effects).items():
        parts.setdefault(label, []).append(found)
    return {label: _largest_cell(measurements, found, label) for label, found in parts.items()}


def _largest_cell(measurements: Measurements, parts: Sequence[Measured], label: str) -> Cell:
    known: list[Estimate] = []
    for part in parts:
        if isinstance(part, Blank):
            return Cell(note=part.note, compares=(label,))
        known.append(part)
    usable = [part for part in known if part.has_interval]
    if len(known) == 1 or not usable:
        return measurements.cell(known[0])
    return measurements.largest(usable, (label,), max(part.n_items for part in usable))


def _worst(measurements: Measurements, run: Run) -> Cell:
    domains = measurements.study.domains
    known: list[Estimate] = []
    for domain in domains:
        found = measurements.levels[run.label, domain]
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=(run.label,))
        known.append(found)
    worst = min(range(len(known)), key=lambda position: known[position].value)
    note = f'"{domains[worst]}"'
    if not all(part.has_interval for part in known):
        return Cell(
            estimate=known[worst].value, compares=(run.label,), note=note + "; no interval: a domain has no spread"
        )
    cell = measurements.smallest(known, (run.label,), sum(part.n_items for part in known), note)
    return cell.model_copy(update={"p": None, "smallest_detectable": None})


def metric_places(quantity: Quantity) -> tuple[Place, ...]:
    """Return the cell of a metric of a run."""
    return (Place(str(quantity.runs[0]), QUANTITIES[quantity.name]),)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="sequence",
            title="Sequence metrics",
            definition=(
                "ACC: mean accuracy over all evaluated domains. BWT: mean over j < T of R[T, j] - R[j, j]. FWT: mean "
                "over j >= 2 of R[j-1, j] - R[base, j]. Forgetting: mean over j < T of max over l < T of R[l, j] - "
                "R[T, j], interval corrected for the maximum. Worst domain: smallest accuracy, interval corrected for "
                "the minimum. Relative change: mean over domains of R[c, d] / R[base, d] - 1"
            ),
            source="ACC, BWT, FWT: Lopez-Paz and Ranzato 2017; forgetting: Chaudhry 2018; the others are ours",
            row_meaning="run",
            column_meaning="metric",
            family=f"{BENJAMINI_HOCHBERG} over runs, separately for each metric; ACC and worst domain are not tested",
            question="How do whole curricula score on metrics of continual learning?",
            column_directions={"ACC": "level", "worst domain": "level", "forgetting": "harm"},
            unbounded=("relative change",),
        ),
        compute=compute,
        rank=60,
        addresses=tuple(
            Address(name, domain=False, tested=name not in NOT_TESTED, places=metric_places) for name in QUANTITIES
        ),
    ),
)
