"""One sentence of advice on how to combine domains, which states only what the intervals allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xdomain.analysis.amounts import interval, sized
from xdomain.analysis.result import RunCost, WayArm, WaysToCombine
from xdomain.core.number_text import points
from xdomain.core.words import count

MOST_NAMED = 6
"""Largest number of runs that a sentence names."""
AMOUNT_WORDS = {"completion_tokens": "generated tokens", "steps": "steps"}


def cheapest(found: WaysToCombine, costs: Mapping[str, RunCost], means: Mapping[str, float]) -> str:
    """Return the run of `found.not_beaten` with the lowest total cost; among equals, the one with the highest mean.

    Args:
        costs: Total cost of each candidate.
        means: Mean accuracy of each candidate.
    """
    amounts = {label: _amount(found, costs[label]) for label in found.not_beaten}
    known = {label: amount for label, amount in amounts.items() if amount is not None}
    if len(known) < len(amounts):
        return found.leading
    return min(known, key=lambda label: (known[label], -means[label]))


def advice(found: WaysToCombine, costs: Mapping[str, RunCost]) -> str:
    """Return the sentence for one set of domains."""
    chosen = found.leading if len(found.not_beaten) == 1 else found.cheapest
    arm = next((arm for arm in found.arms if arm.runs == (chosen,)), None)
    clauses = [_mean_clause(found, costs), *_experts_clause(arm), *_worst_clause(found, chosen)]
    if found.margin.speaks_of == "these checkpoints":
        clauses.append("one seed: this holds for these checkpoints only")
    return f"For {listed(found.domains)}, {'; '.join(clauses)}."


def listed(names: Sequence[str]) -> str:
    """Return the names as a list in words, "math, science and logic", shortened if there are many."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _mean_clause(found: WaysToCombine, costs: Mapping[str, RunCost]) -> str:
    margin, total = found.margin, len(found.candidates)
    lead = "" if margin.estimate is None else f"{points(margin.estimate)} points {sized(margin)}"
    if len(found.not_beaten) == 1:
        if margin.low is not None and margin.low > 0:
            return f"{found.leading} beats every other way in mean accuracy, the next by {lead}"
        return f"{found.leading} is the only way not beaten in mean accuracy; it leads the next by {lead}"
    amount = _amount(found, costs[found.cheapest])
    if amount is None:
        best = f"{found.leading} has the highest of them (costs are not recorded)"
    else:
        best = f"{found.cheapest} costs least of them, {amount:,.0f} {AMOUNT_WORDS[found.cost_amount]} in total"
    if len(found.not_beaten) == total:
        which = f"none of {count(total, 'way')} is shown to differ from the best in mean accuracy"
    else:
        which = (
            f"{listed(found.not_beaten)} ({len(found.not_beaten)} of {count(total, 'way')}) are not shown to differ in "
            "mean accuracy"
        )
    return f"{which}, and {best}"


def _experts_clause(arm: WayArm | None) -> Iterator[str]:
    cell = None if arm is None else arm.mean_against_experts
    if cell is None or cell.estimate is None or cell.word is None:
        return
    if cell.word == "no effect shown":
        yield f"no difference from the domains' own experts is shown ({points(cell.estimate, sign=True)} points " + (
            f"{interval(cell)})"
        )
        return
    side = "above" if cell.word == "gain" else "below"
    yield f"it ends {points(abs(cell.estimate))} points {sized(cell)} {side} the domains' own experts on average"


def _worst_clause(found: WaysToCombine, chosen: str) -> Iterator[str]:
    if chosen not in found.not_beaten_on_worst:
        yield f"but on the worst domain it is beaten, and {listed(found.not_beaten_on_worst)} " + (
            "is not" if len(found.not_beaten_on_worst) == 1 else "are not"
        )


def _amount(found: WaysToCombine, cost: RunCost) -> float | None:
    value: float | None = getattr(cost, found.cost_amount)
    return value
