"""A comparison of ways to combine two domains, made by hand for tests of the report."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.analysis.result import Cell, RunCost, SpeaksOf, Way, WayArm, WaysToCombine


def example_ways(domains: Sequence[str], speaks_of: SpeaksOf, *, measured: bool = True) -> WaysToCombine:
    """Orders, a mixture, a merge, a distillation and the experts of the first two domains."""
    a, b = domains[:2]
    runs = (f"{a} -> {b}", f"{b} -> {a}", f"{a} + {b}", f"merge({a}, {b})", f"distill({a}, {b})")
    ways = (Way.BEST_ORDER, Way.WORST_ORDER, Way.MIXTURE, Way.MERGE, Way.DISTILLATION)

    def cell(value: float, reach: float = 0.03, **more: object) -> Cell:
        if not measured:
            return Cell(note="not measured")
        numbers = {"estimate": value, "low": value - reach, "high": value + reach, "speaks_of": speaks_of}
        return Cell.model_validate(numbers | more)

    def arm(place: int) -> WayArm:
        steps = 120 if ways[place] is Way.MIXTURE else 240
        gap = -0.02 * place
        return WayArm(
            way=ways[place],
            runs=(runs[place],),
            chosen_of=2 if place < 2 else 1,
            accuracy={a: cell(0.6 + gap), b: cell(0.5 + gap)},
            against_expert={
                a: cell(gap, p=0.2, p_adjusted=0.4, word="no effect shown"),
                b: cell(gap - 0.1, word="loss", caveat="2 of 3 seeds"),
            },
            mean=cell(0.55 + gap),
            mean_against_experts=cell(gap - 0.05, word="loss"),
            worst=cell(0.5 + gap, note=f'"{b}"'),
            marginal=RunCost(steps=0, completion_tokens=0) if ways[place] is Way.MERGE else None,
            total=RunCost(steps=steps, prompts=16 * steps, completion_tokens=2560 * steps, taught_tokens=40.5),
        )

    experts = WayArm(
        way=Way.EXPERTS,
        runs=(a, b),
        accuracy={a: cell(0.6), b: cell(0.6)},
        against_expert={},
        mean=cell(0.6),
        mean_against_experts=Cell(note="the experts themselves"),
        worst=cell(0.6, note=f'"{a}"'),
        total=RunCost(steps=240),
    )
    return WaysToCombine(
        domains=(a, b),
        arms=(*map(arm, range(5)), experts),
        candidates=runs,
        leading=runs[0],
        margin=cell(0.02, note="simultaneous over all pairs"),
        not_beaten=runs[:3],
        not_beaten_on_worst=runs[:2],
        cheapest=runs[2],
        advice=f"For {a} and {b}, {runs[0]}, {runs[1]} and {runs[2]} (3 of 5 ways) are not shown to differ in mean "
        f"accuracy, and {runs[2]} costs least of them, 307,200 generated tokens in total; it ends 9.0 points [6.0, "
        "12.0] below the domains' own experts on average.",
    )
