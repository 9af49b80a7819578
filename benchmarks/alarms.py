"""Print the operating table of alarms: false alarms, drops that are found, and cost, by simulation.

`python -m benchmarks.alarms [--json] [--stages N]`. Every design watches three domains of a stage at 440 steps x 64
prompts x 8 completions, except for the last two, which watch four and two domains of a stage at 150 x 16 x 8. 2,000
null stages and 400 damaged stages are simulated per design and scenario by default. The table in
docs/how-to/watch-for-interference.md comes from here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xdomain.plan.alarms.design import AlarmDesign, alarm_design, detectable_drop
from xdomain.plan.alarms.simulation import Scenario, simulate, summary

ALPHA = 0.05
DEFAULTS, TINY = (440, 64 * 8), (150, 16 * 8)
NULL_ACCURACIES = (0.5, 0.8, 0.3)
ONSET = 5
DROPS = (0.03, 0.05, 0.1)


@dataclass(frozen=True)
class Row:
    """A design to simulate: dev items per domain, number of domains, steps and completions per step, budget."""

    dev_items: int
    domains: int
    stage: tuple[int, int]
    budget: float = 0.05

    def design(self) -> AlarmDesign:
        steps, per_step = self.stage
        return alarm_design(
            alpha=ALPHA,
            budget=self.budget,
            dev_items={f"domain {place}": self.dev_items for place in range(self.domains)},
            steps=steps,
            period=1,
            completions=steps * per_step,
        )


ROWS = (
    *(Row(items, 3, DEFAULTS) for items in (1000, 999, 100)),
    Row(1000, 6, DEFAULTS),
    Row(999, 4, TINY),
    Row(999, 2, TINY, 0.2),
)


def measured(row: Row, stages: int) -> dict[str, Any]:
    """Return the figures of one design."""
    design = row.design()
    looks, (first, *_) = len(design.looks), design.domains.values()
    nulls = [Scenario(NULL_ACCURACIES[place % 3], churn=0.1, shared=place % 2 == 0) for place in range(row.domains)]
    begun = min(ONSET, looks // 2 + 1)
    found: dict[str, Any] = {}
    for drop in DROPS:
        for shared in (True, False):
            damaged = [Scenario(drop=drop, onset=begun, shared=shared)]
            results = list(simulate(first, looks, design.alpha, damaged, max(50, stages // 5)))
            found[f"{100 * drop:g} points{'' if shared else ', fresh draws'}"] = summary(results, begun)
    steps, per_step = row.stage
    return {
        "dev_items": row.dev_items,
        "domains": row.domains,
        "stage": f"{steps} x {per_step}",
        "method": first.method,
        "looks": looks,
        "items": f"{first.items} + {first.confirm_items}" if first.confirm_items else str(first.items),
        "cost": design.completions / (steps * per_step),
        "budget": row.budget,
        "false_alarms": summary(list(simulate(first, looks, design.alpha, nulls, stages)))["alarms"],
        "found": found,
        "detectable_drop": detectable_drop(first, design.alpha),
    }


def tables(rows: list[dict[str, Any]]) -> str:
    """Return the designs and what they find as two Markdown tables."""
    designs = [("design", "test", "looks", "items", "cost")]
    found = [("design", "false alarms", *(f"{100 * drop:g} points" for drop in DROPS), "plan says")]
    for row in rows:
        name = f"{row['dev_items']:,} x {row['domains']} domains, {row['stage']}"
        cost = f"{row['cost']:.1%} of {row['budget']:.0%}"
        designs.append((name, str(row["method"]), str(row["looks"]), row["items"], cost))
        found.append((name, f"{row['false_alarms']:.1%}", *_found(row), f"{100 * row['detectable_drop']:.1f}"))
    return "\n\n".join(_table(table) for table in (designs, found))


def _found(row: dict[str, Any]) -> Iterator[str]:
    for drop in DROPS:
        name = f"{100 * drop:g} points"
        shared, fresh = row["found"][name], row["found"][f"{name}, fresh draws"]
        yield f"{shared['alarms']:.0%} ({shared['within 3 looks']:.0%}) / {fresh['alarms']:.0%}"


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]])


def main() -> None:
    stages = int(sys.argv[sys.argv.index("--stages") + 1]) if "--stages" in sys.argv else 2000
    rows = [measured(row, stages) for row in ROWS]
    print(json.dumps(rows) if "--json" in sys.argv else tables(rows))


if __name__ == "__main__":
    main()
