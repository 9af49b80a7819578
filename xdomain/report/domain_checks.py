"""Tables that `xdomain domains check` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from xdomain.core.number_text import points
from xdomain.core.terminal_text import text
from xdomain.domains.check import DomainCheck


def check_tables(checks: Sequence[DomainCheck]) -> Iterator[RenderableType]:
    """Yield a table of all splits, then lines about each domain: its scorer, its rewards and notes."""
    table = Table(
        "domain", "split", "items", "gold right", "garbage right", "neighbour right", "constant answer", "longest"
    )
    for each in checks:
        for part in each.splits:
            table.add_row(
                text(each.name),
                text(part.split),
                str(part.items),
                f"{part.gold_right}/{part.judged}",
                str(part.garbage_right),
                str(part.neighbour_right),
                f"{points(part.constant_score)}%",
                str(part.longest_prompt),
            )
    yield table
    for each in checks:
        yield text(f"{each.name}: {each.distinct_prompts} distinct prompts, scorer {each.scorer}")
        for part in each.splits:
            paid = part.rewards
            earns = {"right": paid.gold, "wrong": paid.wrong, "empty": paid.malformed, "garbage": paid.garbage}
            words = "; ".join(f"{name} {value}" for name, value in earns.items() if value is not None)
            yield text(f"  reward on {part.split}: {words or 'not tried'}")
        for note in each.notes:
            yield text(f"  note: {note}")


def check_problems(checks: Sequence[DomainCheck]) -> list[Text]:
    """Return a line for each problem."""
    return [text(f"{each.name}: problem: {problem}", "red") for each in checks for problem in each.problems]
