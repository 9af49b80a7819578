"""The table "Ways to combine" as text, and as lines of CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdomain.analysis.result import AnalysisResult, Cell, RunCost, WayArm, WaysToCombine
from xdomain.report.numbers import count_text, estimate_text, interval_text
from xdomain.report.text_section import TextSection, TextTable

TITLE = "Ways to combine"
QUESTION = "How should several domains be combined?"
MEANING = (
    "Mean accuracy over the domains in percent, its difference from the domains' own experts in points (arrow: an "
    "effect is shown, p adjusted by Benjamini-Hochberg), the worst domain, and accuracy per domain with its difference "
    "from that domain's expert, with 95% intervals. "
    "The best and the worst order were chosen by their mean; their intervals hold for all orders together. Not beaten: "
    "multiple comparisons with the best among all runs, 95% jointly; inside the set differences lie within noise. A "
    "cost is the total of all stages that a run rests on, each once, then (+) what the run adds to the grid."
)
COSTS: dict[str, str] = {
    "steps": "steps",
    "prompts": "prompts",
    "completion_tokens": "generated tokens",
    "taught_tokens": "taught tokens",
    "teacher_passes": "teachers' passes",
    "seconds": "seconds",
}
"""Columns of the costs, keyed by field of `RunCost`."""
CSV_CELLS = ("estimate", "low", "high", "n_items", "n_seeds", "p", "p_adjusted", "word", "speaks_of", "caveat")
MARKS = {"gain": "↑", "loss": "↓"}
"""Marks of a difference from the expert that is shown."""


def ways_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section with one table per set of domains; [] if no domains were combined in several ways."""
    if not result.ways_to_combine:
        return []
    tables = tuple(table for found in result.ways_to_combine for table in (_accuracy_table(found), _cost_table(found)))
    return [TextSection("ways-to-combine", TITLE, QUESTION, f"{result.ways_to_combine[0].advice} {MEANING}", tables)]


def _accuracy_table(found: WaysToCombine) -> TextTable:
    header = ("way", "run", "mean", "mean against experts", "worst domain", "not beaten", *found.domains, "note")
    notes = ["; ".join((*_caveats(arm), *_scales(arm))) for arm in found.arms]
    rows = [tuple(_accuracies(found, arm)) for arm in found.arms]
    if not any(notes):
        return TextTable(found.title, header[:-1], tuple(rows))
    return TextTable(found.title, header, tuple((*row, note) for row, note in zip(rows, notes, strict=True)))


def _caveats(arm: WayArm) -> tuple[str, ...]:
    cells = (*arm.accuracy.values(), *arm.against_expert.values(), arm.mean, arm.mean_against_experts, arm.worst)
    return tuple(dict.fromkeys(cell.caveat for cell in cells if cell.caveat))


def _scales(arm: WayArm) -> Iterator[str]:
    """Yield a sentence per seed of a merge with `scale=auto`: the chosen scale, its dev accuracy, and the others'."""
    for found in arm.scales:
        shares = {each.scale: f"{estimate_text('fraction', each.dev_accuracy, signed=False)}%" for each in found.tried}
        chosen = shares.pop(found.scale)
        others = ", ".join(f"{scale:g}: {share}" for scale, share in shares.items())
        yield f"seed {found.seed}: scale {found.scale:g} with {chosen} on dev items ({others})"


def _cost_table(found: WaysToCombine) -> TextTable:
    shown = [name for name in COSTS if any(getattr(arm.total, name) for arm in found.arms)]
    rows = tuple((*_names(arm), *(_cost(arm, name) for name in shown)) for arm in found.arms)
    return TextTable(f"{found.title}: cost", ("way", "run", *(COSTS[name] for name in shown)), rows)


def _names(arm: WayArm) -> tuple[str, str]:
    chosen = f" of {arm.chosen_of}" if arm.chosen_of > 1 else ""
    return f"{arm.way}{chosen}", ", ".join(arm.runs)


def _accuracies(found: WaysToCombine, arm: WayArm) -> Iterator[str]:
    yield from _names(arm)
    yield _level(arm.mean)
    yield _difference(arm.mean_against_experts)
    yield f"{_level(arm.worst)} {arm.worst.note}".strip()
    yield ", ".join(_standing(found, arm))
    for name in found.domains:
        against = arm.against_expert.get(name)
        yield _level(arm.accuracy[name]) + (f" ({_difference(against)})" if _measured(against) else "")


def _standing(found: WaysToCombine, arm: WayArm) -> Iterator[str]:
    if len(arm.runs) == 1 and arm.runs[0] in found.not_beaten:
        yield "mean"
    if len(arm.runs) == 1 and arm.runs[0] in found.not_beaten_on_worst:
        yield "worst domain"


def _measured(cell: Cell | None) -> bool:
    return cell is not None and cell.estimate is not None


def _level(cell: Cell) -> str:
    if cell.estimate is None:
        return "not measured"
    value = estimate_text("fraction", cell.estimate, signed=False)
    return f"{value} {interval_text('fraction', cell.low, cell.high)}".strip()


def _difference(cell: Cell | None) -> str:
    if cell is None or cell.estimate is None:
        return ""
    value = estimate_text("fraction", cell.estimate) + MARKS.get(cell.word or "", "")
    return f"{value} {interval_text('fraction', cell.low, cell.high)}".strip()


def _cost(arm: WayArm, name: str) -> str:
    total = count_text(getattr(arm.total, name))
    added = None if arm.marginal is None else getattr(arm.marginal, name)
    return total if added is None else f"{total} (+{count_text(added)})"


def ways_rows(result: AnalysisResult) -> list[tuple[object, ...]]:
    """Return one line per arm and quantity (each domain, mean, worst domain) for CSV, the header first."""
    costs = tuple(RunCost.model_fields)
    header = (
        "domains", "way", "run", "chosen_of", "quantity", *CSV_CELLS, *(f"against_expert_{name}" for name in CSV_CELLS),
        "not_beaten", *(f"total_{name}" for name in costs), *(f"marginal_{name}" for name in costs),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [header]
    for found in result.ways_to_combine:
        for arm in found.arms:
            spent = (*_amounts(arm.total), *_amounts(arm.marginal))
            for quantity, (cell, against, kept) in _quantities(found, arm).items():
                place = ("; ".join(found.domains), str(arm.way), "; ".join(arm.runs), arm.chosen_of, quantity)
                rows.append((*place, *_values(cell), *_values(against), kept, *spent))
    return rows


def _quantities(found: WaysToCombine, arm: WayArm) -> Mapping[str, tuple[Cell, Cell, bool | None]]:
    """Return accuracy, difference from the expert, and whether the run is not beaten, keyed by quantity."""
    one = len(arm.runs) == 1
    by_domain = {name: (arm.accuracy[name], arm.against_expert.get(name, Cell()), None) for name in found.domains}
    return {
        **by_domain,
        "mean": (arm.mean, arm.mean_against_experts, arm.runs[0] in found.not_beaten if one else None),
        "worst domain": (arm.worst, Cell(), arm.runs[0] in found.not_beaten_on_worst if one else None),
    }


def _values(cell: Cell) -> tuple[object, ...]:
    return tuple(getattr(cell, name) for name in CSV_CELLS)


def _amounts(cost: RunCost | None) -> tuple[float | None, ...]:
    return tuple(None if cost is None else getattr(cost, name) for name in RunCost.model_fields)
