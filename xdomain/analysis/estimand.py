"""Contract of a matrix: its definition, its computation, the names of its cells in gates, and its planned tests.

`grid plan` imports every estimand, so neither this module nor a module of `estimands` imports numpy, pandas or scipy at
its top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from xdomain.analysis.matrix import Matrix
from xdomain.analysis.runs import RunBook
from xdomain.config.analysis import Quantity

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements

BENJAMINI_HOCHBERG = "Benjamini-Hochberg"
TRAINED, OTHER, EVERY = "trained domains", "other domains", "all domains"
"""Sets of evaluated domains that are used as columns."""


class Grid(Protocol):
    """The runs of a grid and its evaluated domains, measured or only planned."""

    @property
    def book(self) -> RunBook: ...

    @property
    def domains(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Place:
    """One cell of a matrix.

    Attributes:
        row: Row of the cell.
        column: Column of the cell; None for the row's only column.
        negated: True if the cell holds the quantity with the opposite sign.
    """

    row: str
    column: str | None
    negated: bool = False


def run_on_domain(quantity: Quantity) -> tuple[Place, ...]:
    """Return the place of a quantity whose run is the row and whose domain is the column."""
    return (Place(str(quantity.runs[0]), quantity.domain),)


@dataclass(frozen=True)
class Address:
    """The names of a matrix's cells in gates and contrasts, such as "retention(math -> science) on math".

    Attributes:
        name: Name of the quantity.
        runs: Allowed numbers of runs as arguments.
        domain: True if an evaluated domain is required, False if it is refused. None: it may be omitted if only one is
            defined.
        tested: True if a value means "no effect". Only such quantities can be contrasts.
        places: Function that returns the possible cells of a quantity. The first one that the matrix holds is used.
    """

    name: str
    runs: tuple[int, ...] = (1,)
    domain: bool | None = True
    tested: bool = True
    places: Callable[[Quantity], tuple[Place, ...]] = run_on_domain


@dataclass(frozen=True)
class Family:
    """The planned cells of a matrix whose p is adjusted together.

    Attributes:
        cells: Number of tests.
        n_contrasts, trained_sides, n_domains, n_parts: See `xdomain.analysis.power.Design`.
    """

    cells: int
    n_contrasts: int
    trained_sides: int = 2
    n_domains: int = 1
    n_parts: int = 1


def family_over_domains(contrasts: int, grid: Grid) -> Family:
    """Return the family of contrasts that are tested on every evaluated domain."""
    return Family(contrasts * len(grid.domains), max(contrasts, 1))


def family_by_domain(cells: Iterable[tuple[str, str]]) -> Family:
    """Return the family of (row, evaluated domain) cells, with the fewest contrasts that any domain pools over."""
    counts = Counter(domain for _, domain in cells)
    return Family(counts.total(), min(counts.values(), default=1))


@dataclass(frozen=True, kw_only=True)
class Estimand:
    """One matrix of a report.

    Attributes:
        template: Matrix without cells: name, title, definition, source, unit, and its presentation in a report.
        compute: Function that fills the template from measurements. It returns None if they do not define the matrix.
        rank: Position within the template's section of a report; equal ranks are ordered by name.
        addresses: Quantities of gates and contrasts that the matrix answers.
        planned: Function that returns the family of cells that a plan will test. None for a matrix that `grid plan`
            does not list.
    """

    template: Matrix
    compute: Callable[[Measurements, Matrix], Matrix | None]
    rank: int = 1000
    addresses: tuple[Address, ...] = ()
    planned: Callable[[Grid], Family] | None = None

    @property
    def name(self) -> str:
        """Name of the matrix."""
        return self.template.name
