"""Print the minimum detectable effects of a plan."""

from collections.abc import Iterator

from rich.table import Table

from xdomain.api.outlook import Line, design_of, outlooks
from xdomain.core.number_text import points
from xdomain.core.words import count
from xdomain.plan.graph import Plan
from xdomain.resolve.sizes import EvaluatedItems


def design_in_words(plan: Plan, items: dict[str, EvaluatedItems]) -> str:
    """Return the line above the tables: the design, the number of items, and the assumptions."""
    experiment = plan.experiment
    asked = experiment.evaluation.items
    fewer = [f"{name} {found.count}" for name, found in items.items() if found.count < asked]
    unknown = [name for name, found in items.items() if found.in_split is None]
    notes = [f"the {experiment.evaluation.split} split has fewer than the {asked} requested: {', '.join(fewer)}"]
    notes = notes if fewer else []
    notes += [f"items of {', '.join(unknown)} are not counted before the run"] if unknown else []
    notes.append(design_of(plan).assumptions)
    size = f"{asked} items x {experiment.evaluation.samples} samples x {count(len(experiment.seeds), 'seed')}"
    return f"points found at 80% power from {size}; {'; '.join(notes)}"


def power_tables(plan: Plan, items: dict[str, EvaluatedItems], effect: float | None) -> Iterator[Table]:
    """Return one table per number of items."""
    found = outlooks(plan, items, effect)
    for outlook in found:
        title = f"{outlook.items} items on {', '.join(outlook.domains)}" if len(found) > 1 else None
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
