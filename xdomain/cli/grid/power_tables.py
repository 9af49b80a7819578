"""Print the minimum detectable effects of a plan."""

from collections.abc import Iterator

from rich.table import Table

from xdomain.api.outlook import Line, outlooks
from xdomain.core.number_text import points
from xdomain.plan.graph import Plan
from xdomain.resolve.sizes import EvaluatedItems


def power_tables(plan: Plan, items: dict[str, EvaluatedItems], effect: float | None) -> Iterator[Table]:
    """Return one table per number of items."""
    found = outlooks(plan, items, effect)
    several = len({outlook.samples for outlook in found}) > 1
    for outlook in found:
        size = f"{outlook.items} items x {outlook.samples} samples" if several else f"{outlook.items} items"
        title = f"{size} on {', '.join(outlook.domains)}" if len(found) > 1 else None
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2), pad_edge=True)
        table.add_column("smallest effect, in points")
        for head in ("tests", "before adjustment", "as the only one of its tests"):
            table.add_column(head, justify="right")
        if effect is not None:
            table.add_column(f"needed for {100 * effect:g}")
        for line in outlook.lines:
            needs = [_needs(line)] if effect is not None else []
            table.add_row(line.matrix, str(line.cells), _points(line.before), _points(line.adjusted), *needs)
        yield table


def _points(effect: float) -> str:
    return points(effect) if effect <= 1 else "over 100"


def _needs(line: Line) -> str:
    """Return the required numbers, such as "1,698 items or 5 seeds"."""
    if line.both is not None:
        return "{:,} seeds of {:,} items".format(*line.both)
    named = {"items": line.items, "seeds": line.seeds}
    found = [f"{number:,} {unit}" for unit, number in named.items() if number is not None]
    return " or ".join(found) or "out of reach"
