"""Input of estimands: a study, results that several matrices share, and the steps from contrasts to cells.

Every shared result is computed once, when the first matrix requests it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect, effect
from xdomain.analysis.estimand import Estimand
from xdomain.analysis.inference import Estimate, Measured, combine, pool_effects, to_cell
from xdomain.analysis.maxima import extreme_cell, largest, size, smallest
from xdomain.analysis.multiplicity import adjust_matrix, whole_matrix
from xdomain.analysis.order import order_pairs
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.ratio import RatioEstimate, ratio_cell, ratio_difference_cell
from xdomain.analysis.relative import Pair, relative_ratios
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.strategy_cost import matched_pairs
from xdomain.analysis.study import Study
from xdomain.analysis.worst import difference_of_minima
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import MeasuredGrid

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Measurements:
    """A measured grid in the form that estimands use.

    Attributes:
        study: Runs, evaluated domains, and differences between runs on common items.
        grid: Records and other known facts of the grid.
        estimands: All estimands, keyed by name.
    """

    study: Study
    grid: MeasuredGrid
    estimands: Mapping[str, Estimand]

    def matrix(self, name: str) -> Matrix | None:
        """Return a matrix, computed once; None if these measurements do not define it.

        Raises:
            AnalysisError: No estimand has this name, or its matrix has another name.
        """
        if name not in self._matrices:
            estimand = self.estimands[name]
            found = estimand.compute(self, estimand.template)
            if found is not None and found.name != name:
                raise AnalysisError(
                    f'the estimand "{name}" computed the matrix "{found.name}".',
                    fix="Its `compute` should fill the template that it receives.",
                )
            self._matrices[name] = found
        return self._matrices[name]

    def matrices(self) -> dict[str, Matrix]:
        """Return every matrix that these measurements define, by name and in the order of `estimands`."""
        found = {name: self.matrix(name) for name in self.estimands}
        return {name: matrix for name, matrix in found.items() if matrix is not None}

    @cached_property
    def _matrices(self) -> dict[str, Matrix | None]:
        return {}

    @cached_property
    def levels(self) -> dict[tuple[str, str], Measured]:
        """R[run, d] of the base model and every planned run, keyed by (run, d)."""
        return pool_effects(self.study.levels())

    @cached_property
    def transfer(self) -> dict[Pair, Measured]:
        """transfer(A on d), keyed by (A, d)."""
        study = self.study
        return pool_effects(
            {
                (name, domain): study.difference(run, study.base, domain)
                for name, run in study.singles.items()
                for domain in study.domains
            }
        )

    @cached_property
    def ratios(self) -> dict[Pair, RatioEstimate | Blank]:
        """transfer(A on d) / transfer(d on d), keyed by (A, d), for different A and d."""
        return relative_ratios(self.study, self.transfer)

    @cached_property
    def orders(self) -> dict[tuple[str, str], Measured]:
        """order(A, B) on t, keyed by ("A, B", t)."""
        study = self.study
        return pool_effects(
            {
                (row, domain): study.difference(left, right, domain)
                for row, (left, right) in order_pairs(study).items()
                for domain in study.domains
            }
        )

    @cached_property
    def matched_pairs(self) -> list[tuple[Run, Run]]:
        """Each run that moves the weights differently from its reference, with the joint run that moves as far."""
        return matched_pairs(self.study)

    @cached_property
    def samples(self) -> dict[str, int]:
        """Smallest number of judged samples of an item, keyed by domain."""
        panels = self.study.panels.items()
        return {name: int(panel.judged[panel.judged > 0].min(initial=1_000_000)) for name, panel in panels}

    def contrast(self, aligned: Aligned, values: FloatArray, compares: tuple[str, ...]) -> Effect:
        """Return the mean of values on one domain, shape [S, n], computed from aligned runs."""
        return effect([(aligned, values)], compares)

    def pooled(self, effects: Mapping[Key, Effect | Blank]) -> dict[Key, Measured]:
        """Turn the contrasts of one matrix into estimates. Contrasts on the same domains share their seed variation."""
        return pool_effects(effects)

    def combined(self, parts: Sequence[Measured], weights: Sequence[float], compares: tuple[str, ...]) -> Measured:
        """Return the weighted sum of independent estimates, such as those on different domains."""
        return combine(parts, weights, compares)

    def cell(self, measured: Measured, *, tested: bool = True) -> Cell:
        """Return the cell of one estimate."""
        return to_cell(measured, tested=tested)

    def cells(self, effects: Mapping[Key, Effect | Blank], *, tested: bool = True) -> dict[Key, Cell]:
        """Pool contrasts and return their cells."""
        return {key: to_cell(found, tested=tested) for key, found in pool_effects(effects).items()}

    def ratio_cell(self, found: RatioEstimate | Blank) -> Cell:
        """Return the cell of a Fieller ratio."""
        return ratio_cell(found)

    def ratio_difference_cell(
        self, left: RatioEstimate | Blank, right: RatioEstimate | Blank, compares: tuple[str, ...]
    ) -> Cell:
        """Return the cell of the difference of two independent ratios (MOVER)."""
        return ratio_difference_cell(left, right, compares)

    def level_cell(self, measured: Measured) -> Cell:
        """Return the cell of a share of right answers, with its Wilson interval."""
        return accuracy_cell(measured)

    def level_cells(self, effects: Mapping[Key, Effect | Blank]) -> dict[Key, Cell]:
        """Pool shares of right answers and return their cells."""
        return {key: accuracy_cell(found) for key, found in pool_effects(effects).items()}

    def smallest(self, parts: Sequence[Estimate], compares: tuple[str, ...], n_items: int, note: str = "") -> Cell:
        """Return the smallest of several estimates, with its interval and p corrected for the minimum."""
        return extreme_cell(smallest(parts), parts, compares, n_items, note)

    def largest(self, parts: Sequence[Estimate], compares: tuple[str, ...], n_items: int, note: str = "") -> Cell:
        """Return the largest of several estimates, with its interval and p corrected for the maximum."""
        return extreme_cell(largest(parts), parts, compares, n_items, note)

    def size(self, parts: Sequence[Estimate], compares: tuple[str, ...], n_items: int) -> Cell:
        """Return the root mean square of several effects, minus the part expected from noise."""
        return extreme_cell(size(parts), parts, compares, n_items)

    def difference_of_minima(
        self, parts: Sequence[Sequence[Estimate]], compares: tuple[str, ...], n_items: int, note: str
    ) -> Cell:
        """Return min_d a_d - min_e b_e, given the estimates of all a_d - b_e."""
        return extreme_cell(
            difference_of_minima(parts), [part for row in parts for part in row], compares, n_items, note
        )

    def filled(
        self, template: Matrix, cells: Mapping[tuple[str, str], Cell], columns: Iterable[str] | None = None
    ) -> Matrix:
        """Fill a template with cells that are not tested, keyed by (row, column).

        Args:
            columns: Names of the columns; by default the evaluated domains.
        """
        return self.study.matrix(cells, self.study.domains if columns is None else columns, template)

    def tested(
        self,
        template: Matrix,
        cells: Mapping[tuple[str, str], Cell],
        columns: Iterable[str] | None = None,
        families: Sequence[Sequence[tuple[str, str]]] | None = None,
    ) -> Matrix:
        """Fill a template with cells and adjust their p within families.

        Args:
            columns: Names of the columns; by default the evaluated domains.
            families: Cells of each family; by default all cells of the matrix are one family. Cells outside all
                families have no conclusion.
        """
        matrix = self.filled(template, cells, columns)
        found = [whole_matrix(matrix)] if families is None else families
        return adjust_matrix(matrix, found, signed=template.direction != "size")
