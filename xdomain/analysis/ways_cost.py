"""Cost of the ways to combine domains, as means over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdomain.analysis.means import mean_if_all_known
from xdomain.analysis.result import RunCost
from xdomain.analysis.runs import Run
from xdomain.plan.measurement import Effort


def total_cost(run: Run) -> RunCost:
    """Return the cost of all stages that a run rests on, each counted once."""
    return _mean(end.effort for end in run.ends.values())


def marginal_cost(run: Run) -> RunCost | None:
    """Return the cost of the stages that no other run of the grid rests on; None if it is unknown."""
    added = [end.added for end in run.ends.values()]
    known = [effort for effort in added if effort is not None]
    return _mean(known) if len(known) == len(added) else None


def sum_of_costs(costs: Sequence[RunCost]) -> RunCost:
    """Return the sum of costs that share no stage. An amount is null if it is in one of them."""
    totals: dict[str, float | None] = {}
    for name in RunCost.model_fields:
        amounts = [getattr(cost, name) for cost in costs]
        totals[name] = None if None in amounts else sum(amounts)
    return RunCost(**totals)


def _mean(efforts: Iterable[Effort]) -> RunCost:
    every = list(efforts)
    return RunCost(**{name: mean_if_all_known(getattr(each, name) for each in every) for name in RunCost.model_fields})
