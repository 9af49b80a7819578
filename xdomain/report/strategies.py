"""The cost of strategies and the relation of the domains' gradients, as text."""

from __future__ import annotations

from xdomain.analysis.result import AnalysisResult, Cell, StrategyComparison, StrategyCost
from xdomain.core.number_text import decimals
from xdomain.report.numbers import count_text, estimate_text, interval_text, share_text
from xdomain.report.text_section import TextSection, TextTable

COST = (
    "run",
    "seconds per step",
    "times the reference",
    "processor seconds per update",
    "times the reference",
    "tokens per step",
    "displacement",
    "times the reference",
    "note",
)


def strategy_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the sections on cost and gradients.

    They are empty if no curriculum was run with several strategies. The gradients are left out if telemetry recorded
    none.
    """
    cost = TextSection(
        "strategies",
        "What the strategies cost",
        "How much does a strategy cost, and does it only move the weights farther?",
        "Means over seeds, for the last phase. Seconds are wall time on the machine that ran it, including any other "
        "load, so small differences mean nothing. Processor seconds cover a step without its rollout and hardly depend "
        "on other load; they do not measure a GPU's work. Displacement is the length of the change of all weights from "
        "the parent checkpoint. Ratios are geometric means over seeds with a 95% t interval; the first row is the "
        "reference.",
        tuple(
            TextTable(comparison.curriculum, COST, tuple(_row(cost) for cost in comparison.costs))
            for comparison in result.strategies
        ),
    )
    gradients = TextSection(
        "gradients",
        "How the domains' gradients relate",
        "Do the domains pull in different directions, and which of them pulls most?",
        "Means over steps, then over seeds, for the last phase, without intervals. A cosine compares two domains' "
        "gradients at the steps that telemetry observed; conflicting is the share of cosines below 0. A share is a "
        "domain's part of the rollouts' sum of |advantage| x tokens, its weight in a token-mean loss.",
        tuple(
            table
            for comparison in result.strategies
            if any(run.steps for run in comparison.gradients)
            for table in (_cosines(comparison), _shares(comparison))
        ),
    )
    return [section for section in (cost, gradients) if section.tables]


def _cosines(comparison: StrategyComparison) -> TextTable:
    pairs = sorted({pair for run in comparison.gradients for pair in run.cosine})
    rows = (
        (
            run.run,
            str(run.steps),
            share_text(run.conflicting),
            *(_cosine(run.cosine.get(pair)) for pair in pairs),
        )
        for run in comparison.gradients
    )
    header = ("run", "steps measured", "conflicting", *(pair.replace("|", ", ") for pair in pairs))
    return TextTable(f"{comparison.curriculum}: cosines", header, tuple(rows))


def _cosine(value: float | None) -> str:
    """Return three decimals, because gradients of different domains are often nearly orthogonal; "" if missing."""
    return "" if value is None else decimals(value, 3)


def _shares(comparison: StrategyComparison) -> TextTable:
    domains = sorted({domain for run in comparison.gradients for domain in run.gradient_share})
    rows = (
        (run.run, *(share_text(run.gradient_share.get(domain)) for domain in domains)) for run in comparison.gradients
    )
    return TextTable(f"{comparison.curriculum}: gradient shares", ("run", *domains), tuple(rows))


def _row(cost: StrategyCost) -> tuple[str, ...]:
    return (
        cost.run,
        _number(cost.seconds_per_step, 3),
        _ratio(cost.seconds_ratio),
        _number(cost.processor_seconds_per_step, 3),
        _ratio(cost.processor_seconds_ratio),
        count_text(cost.tokens_per_step),
        _number(cost.displacement, 3),
        _ratio(cost.displacement_ratio),
        _note(cost),
    )


def _note(cost: StrategyCost) -> str:
    if cost.moves is None:
        return ""
    return f"moves {cost.moves}" + (f"; {cost.matched} moves as far" if cost.matched else "")


def _number(value: float | None, digits: int) -> str:
    return "not recorded" if value is None else f"{value:.{digits}g}"


def _ratio(cell: Cell) -> str:
    return (
        f"{estimate_text('ratio', cell.estimate, signed=False)} {interval_text('ratio', cell.low, cell.high)}".strip()
    )
