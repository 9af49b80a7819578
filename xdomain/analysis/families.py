"""The matrices that a plan will fill: how many cells are tested together, and what each of them rests on.

Before a run there is nothing to read but the plan; `analyse` builds the same matrices from what was measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from xdomain.config.curriculum import Curriculum
from xdomain.plan.graph import Plan

Run = tuple[Curriculum, str]
"""A curriculum and the strategy that trained it."""


@dataclass(frozen=True)
class Family:
    """One matrix whose cells are adjusted together.

    Attributes:
        matrix: its name in the result.
        cells: tests of the family.
        n_contrasts, trained_sides, n_domains, n_parts: see `xdomain.analysis.power.Design`.
    """

    matrix: str
    cells: int
    n_contrasts: int
    trained_sides: int = 2
    n_domains: int = 1
    n_parts: int = 1


def planned_families(plan: Plan) -> list[Family]:
    """The families of the main matrices in points, those without a cell left out."""
    runs = list(dict.fromkeys((stage.curriculum, stage.run.strategy or "") for stage in plan.train_stages))
    domains = plan.experiment.domain_names
    singles = [run for run in runs if len(run[0].phases) == 1 and not run[0].phases[0].is_mixed]
    names = {run[0].domains[0] for run in singles}
    found = [
        Family("transfer", len(names) * len(domains) - len(names & set(domains)), len(names), trained_sides=1),
        Family("asymmetry", math.comb(len(names & set(domains)), 2), len(names), trained_sides=1, n_domains=2),
        _over_domains("order_effect", _order_pairs(runs), len(domains)),
        _by_domain("retention", (domain for run in runs for domain in _kept(run[0]) if domain in domains)),
        _by_domain("plasticity", (domain for run in runs for domain in _learned(run, runs) if domain in domains)),
        *_mix_gain(runs, len(domains)),
        _over_domains("strategy_effect", len(runs) - len({curriculum for curriculum, _ in runs}), len(domains)),
    ]
    return [family for family in found if family.cells > 0]


def _over_domains(matrix: str, contrasts: int, domains: int) -> Family:
    return Family(matrix, contrasts * domains, max(contrasts, 1))


def _by_domain(matrix: str, domains: Iterable[str]) -> Family:
    """Cells that stand on some domains alone: the domain with the fewest pools over the fewest."""
    counts = Counter(domains)
    return Family(matrix, counts.total(), min(counts.values(), default=1))


def _order_pairs(runs: list[Run]) -> int:
    pairs = [(run[0].phases, run[1]) for run in runs if len(run[0].phases) == 2]
    return sum(a[::-1] == b and a != b and one == other for (a, one), (b, other) in combinations(pairs, 2))


def _kept(curriculum: Curriculum) -> list[str]:
    """Domains of earlier phases that the last one does not train."""
    last = curriculum.phases[-1].domains
    return [domain for domain in curriculum.domains if domain not in last]


def _learned(run: Run, runs: list[Run]) -> tuple[str, ...]:
    """Domains of the last phase, where that was trained alone too."""
    curriculum, strategy = run
    alone = Curriculum(curriculum.phases[-1:])
    return alone.domains if len(curriculum.phases) > 1 and (alone, strategy) in runs else ()


def _mix_gain(runs: list[Run], domains: int) -> list[Family]:
    """One family over all mixtures of which every order is there; its parts are the orders of the largest mixture."""
    orders = Counter(
        frozenset(curriculum.domains)
        for curriculum in {curriculum for curriculum, _ in runs}
        if len(curriculum.domains) == len(curriculum.phases) > 1
        and all(not phase.is_mixed and phase.steps is None for phase in curriculum.phases)
    )
    mixtures = [run[0].phases[0].domains for run in runs if len(run[0].phases) == 1 and run[0].phases[0].is_mixed]
    whole = [len(names) for names in mixtures if orders[frozenset(names)] == math.factorial(len(names))]
    if not whole:
        return []
    contrasts = sum(math.factorial(size) for size in whole)
    return [Family("mix_gain", len(whole) * domains, contrasts, n_parts=math.factorial(max(whole)))]
