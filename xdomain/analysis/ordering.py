"""Predict the order of all domains that forgets least, from measured pairs.

    BWT(a -> b) = R[a -> b, a] - R[a, a]
    forgetting of an order = sum over a before b of BWT(a -> b), the larger the better

Source: Omni-Thinker 2507.14783 orders tasks by measured accuracy backward transfer. Ours: the assumption that pairs add
up along a sequence, the search of all orders, and the set of indistinguishable orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any

from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect
from xdomain.analysis.inference import Estimate, pool_effects, t_test_p
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study, build_study
from xdomain.config.curriculum import sequence
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import MeasuredGrid

MOST_DOMAINS = 6
"""Maximum number of domains, with 720 orders to compare. For more domains, a grid of pairs is too expensive anyway."""

Order = tuple[str, ...]


@dataclass(frozen=True)
class PredictedOrder:
    """The order with the largest predicted sum of backward transfer.

    Attributes:
        order: Domains, first phase first.
        sum_of_transfer: Predicted sum, as a fraction.
        backward_transfer: Measured BWT(a -> b), keyed by (a, b).
        not_told_apart: Other orders that it does not beat (multiple comparisons with the best, 95% jointly).
        orders: Number of all orders.
    """

    order: Order
    sum_of_transfer: float
    backward_transfer: dict[tuple[str, str], float]
    not_told_apart: tuple[Order, ...]
    orders: int

    def document(self) -> dict[str, Any]:
        """Return the prediction as plain JSON, for `xdomain grid order --json`."""
        transfer = {f"{a} -> {b}": value for (a, b), value in self.backward_transfer.items()}
        return asdict(self) | {"backward_transfer": transfer}


def omni_thinker_order(grid: MeasuredGrid) -> PredictedOrder:
    """Predict the order from the grid's ordered pairs.

    Raises:
        AnalysisError: An ordered pair was not measured, or there are too few or too many domains.
    """
    domains = grid.domains
    if not 2 <= len(domains) <= MOST_DOMAINS:
        raise AnalysisError(f"an order is predicted for 2 to {MOST_DOMAINS} domains. Found {len(domains)}.")
    study = build_study(grid)
    transfer = {pair: _transfer(study, *pair) for pair in permutations(domains, 2)}
    orders = list(permutations(domains))
    sums = {order: sum(transfer[pair] for pair in _pairs(order)) for order in orders}
    best = max(orders, key=lambda order: sums[order])
    others = [order for order in orders if order != best]
    leads = pool_effects({order: _lead(study, best, order) for order in others})
    beaten = {order for order, lead in leads.items() if isinstance(lead, Estimate) and _is_beaten(lead, len(others))}
    return PredictedOrder(
        order=best,
        sum_of_transfer=sums[best],
        backward_transfer=transfer,
        not_told_apart=tuple(order for order in others if order not in beaten),
        orders=len(orders),
    )


def _pairs(order: Sequence[str]) -> list[tuple[str, str]]:
    return [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]


def _run(study: Study, *order: str) -> Run:
    return study.book.run(RunId(sequence(order), JOINT))


def _transfer(study: Study, a: str, b: str) -> float:
    found = study.difference(_run(study, a, b), _run(study, a), a)
    if isinstance(found, Blank):
        raise AnalysisError(
            f'the backward transfer of "{a} -> {b}" is missing: {found.note}.',
            fix="Run a grid with ordered_pairs: true to the end first.",
        )
    return float(found.parts.mean)


def _lead(study: Study, best: Order, other: Order) -> Effect | Blank:
    """Return the predicted sum of `best` minus that of `other`, paired by item and seed."""
    first, second = set(_pairs(best)), set(_pairs(other))
    parts = {
        a: [(b, ((a, b) in first) - ((a, b) in second)) for b in best if ((a, b) in first) != ((a, b) in second)]
        for a in best
    }
    differing = [a for a in best if parts[a]]

    def values(aligned: Aligned, place: int) -> FloatArray:
        a = differing[place]
        alone = aligned.scores(_run(study, a))
        changes = [sign * (aligned.scores(_run(study, a, b)) - alone) for b, sign in parts[a]]
        total: FloatArray = sum(changes[1:], start=changes[0])
        return total

    compared = [(a, [_run(study, a), *(_run(study, a, b) for b, _ in parts[a])]) for a in differing]
    return study.over_domains(compared, values, ())


def _is_beaten(lead: Estimate, others: int) -> bool:
    """Return whether the lead is shown, one-sided at 0.05 over all others.

    The truly best order is dropped by mistake with a chance of at most 5%.
    """
    p = t_test_p(lead)
    return p is not None and lead.value > 0 and p / 2 <= 0.05 / others
