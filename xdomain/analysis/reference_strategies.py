"""A published comparison of strategies: one model and one mixture, several ways to train it, several benchmarks.

Errors are bounded from aggregates, see `accuracy_table`. Benchmarks have different items, so the variances of their
differences add in a mean. If a paper prints only the mean over its benchmarks, p (1-p) is at most 1/4 on each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from xdomain.analysis.accuracy_table import AccuracyTable, Pairing, Published, difference_variance
from xdomain.analysis.multiplicity import LEVEL, adjust
from xdomain.analysis.result import AnalysisResult, Cell, PublishedEffect, Standing
from xdomain.config.run_id import RunId

NORMAL_QUANTILE = 1.959963984540054
PAIRINGS: dict[Standing, Pairing] = {"for any pairing": "any", "if answers are independent": "independent"}
MATRIX = "strategy_effect"
ALL, ACCURACIES = "mean of all benchmarks", "mean of accuracies"
ROUNDING = 0.005
"""Half of the last printed digit, in points."""


def strategy_table(raw: Mapping[str, Any], name: str) -> AccuracyTable:
    """Return the published cells. Each model under each strategy is a separate model."""
    tests = raw["protocol"]["tests"]
    cells = {
        (RunId(model=label(model, strategy)), test): Published(percent / 100, tests[test][1])
        for model, strategies in raw["strategies"].items()
        for strategy, row in strategies.items()
        for test, percent in row.items()
    }
    return AccuracyTable(name, f"{raw['paper']}, {raw['repo']}", tuple(tests), cells)


def label(model: str, strategy: str) -> str:
    return f"{model}, {strategy}"


def cell(table: AccuracyTable, model: str, strategy: str, test: str) -> Published:
    return table.cells[RunId(model=label(model, strategy)), test]


def strategy_effects(
    raw: Mapping[str, Any], table: AccuracyTable, own: AnalysisResult | None
) -> tuple[PublishedEffect, ...]:
    """Return each strategy compared with each one listed before it, per benchmark and as means, adjusted per model.

    Args:
        own: Your own result, whose strategy effects against joint are added to the table.
    """
    found: list[PublishedEffect] = []
    for model, strategies in raw["strategies"].items():
        pairs = [(later, earlier) for earlier, later in combinations(strategies, 2)]
        single = [_effect(table, model, pair, (test,), test, own) for pair in pairs for test in table.domains]
        tested = tuple(test for test in table.domains if test not in raw["protocol"]["scores"])
        means = {ALL: table.domains, ACCURACIES: tested}
        wide = [_effect(table, model, pair, tests, name, own) for pair in pairs for name, tests in means.items()]
        found += [*_adjusted(single), *_adjusted(wide)]
    found += _adjusted(list(_averages_only(raw)))
    return tuple(found)


def _effect(
    table: AccuracyTable,
    model: str,
    pair: tuple[str, str],
    tests: tuple[str, ...],
    column: str,
    own: AnalysisResult | None,
) -> PublishedEffect:
    sides = [(cell(table, model, pair[0], test), cell(table, model, pair[1], test)) for test in tests]
    effect = math.fsum(first.accuracy - second.accuracy for first, second in sides) / len(sides)
    variances = {
        standing: math.fsum(difference_variance(*side, pairing) for side in sides) / len(sides) ** 2
        for standing, pairing in PAIRINGS.items()
    }
    items = sum(first.n_items for first, _ in sides)
    return _published(model, pair, column, effect, items, variances, _own_cell(own, pair, column))


def _averages_only(raw: Mapping[str, Any]) -> Iterator[PublishedEffect]:
    """Yield the comparisons of cgpo with its variants, for which only the mean over all benchmarks is known."""
    sizes = [n_items for _, n_items in raw["protocol"]["tests"].values()]
    independent = math.fsum(0.5 / n_items for n_items in sizes) / len(sizes) ** 2
    variances: dict[Standing, float] = {
        "for any pairing": 2 * independent,
        "if answers are independent": independent,
    }
    for model, variants in raw["averages_only"].items():
        mean = raw["printed"]["averages"][model]["cgpo"]
        for variant, percent in variants.items():
            effect = (mean - percent) / 100
            yield _published(model, ("cgpo", variant), ALL, effect, sum(sizes), variances, None)


def _published(
    model: str,
    pair: tuple[str, str],
    column: str,
    effect: float,
    n_items: int,
    variances: Mapping[Standing, float],
    own: Cell | None,
) -> PublishedEffect:
    stands: Standing = "not beyond noise"
    undo = None
    for standing, variance in variances.items():
        slack = (effect / NORMAL_QUANTILE) ** 2 - variance
        if slack > 0:
            stands, undo = standing, math.sqrt(slack / 2)
            break
    return PublishedEffect(
        name=f"{model}: {pair[0]} against {pair[1]}, {column}",
        matrix=MATRIX,
        effect=effect,
        n_items=n_items,
        error_any_pairing=math.sqrt(variances["for any pairing"]),
        error_independent=math.sqrt(variances["if answers are independent"]),
        stands=stands,
        stands_adjusted="not beyond noise",
        seed_sd_to_undo=undo,
        own=own,
    )


def _adjusted(family: list[PublishedEffect]) -> list[PublishedEffect]:
    """Return the family with the error bound under which each effect is still shown, adjusted for all of them."""
    errors: dict[Standing, list[float]] = {
        "for any pairing": [effect.error_any_pairing for effect in family],
        "if answers are independent": [effect.error_independent for effect in family],
    }
    standing: dict[int, Standing] = {}
    for words, sides in errors.items():
        p = [math.erfc(abs(effect.effect) / side / math.sqrt(2)) for effect, side in zip(family, sides, strict=True)]
        for place, adjusted in enumerate(adjust(p, "fdr_bh")):
            if adjusted is not None and adjusted < LEVEL:
                standing.setdefault(place, words)
    return [
        effect.model_copy(update={"stands_adjusted": standing.get(place, "not beyond noise")})
        for place, effect in enumerate(family)
    ]


def _own_cell(own: AnalysisResult | None, pair: tuple[str, str], column: str) -> Cell | None:
    """Return the own result's effect of a strategy against joint on a benchmark; None if it has none."""
    if own is None or pair[1] != "joint":
        return None
    rows = [
        row for row in own.matrices["strategy_effect"].rows if row in own.effort and own.effort[row].strategy == pair[0]
    ]
    found = own.matrices["strategy_effect"].cell(rows[0], column) if len(rows) == 1 else None
    return found if found is not None and found.estimate is not None else None


def strategy_contradictions(raw: Mapping[str, Any], table: AccuracyTable) -> tuple[str, ...]:
    """Return a sentence for each printed mean that differs from its cells, and for each cell that no count gives."""
    return (*_printed_means(raw, table), *_impossible_cells(raw))


def _printed_means(raw: Mapping[str, Any], table: AccuracyTable) -> Iterator[str]:
    for model, averages in raw["printed"]["averages"].items():
        for strategy, printed in averages.items():
            values = [100 * cell(table, model, strategy, test).accuracy for test in table.domains]
            mean = math.fsum(values) / len(values)
            if abs(mean - printed) > ROUNDING + 1e-9:
                name = label(model, strategy)
                yield f"{name}: an average of {printed:.2f} is printed, but its cells average {mean:.3f}."


def _impossible_cells(raw: Mapping[str, Any]) -> Iterator[str]:
    tests, samples = raw["protocol"]["tests"], raw["protocol"]["samples"][0]
    for test, (name, n_items) in tests.items():
        if test in raw["protocol"]["scores"]:
            continue
        cells = {
            f"{row[test]:.2f} ({label(model, strategy)})": row[test]
            for model, strategies in raw["strategies"].items()
            for strategy, row in strategies.items()
        }
        wrong = [text for text, percent in cells.items() if not is_count(percent, n_items * samples)]
        if wrong:
            yield f"{name}: no count of right answers among {n_items} x {samples} gives {', '.join(wrong)}."


def is_count(percent: float, answers: int) -> bool:
    """Return whether a printed percentage is possible for a whole number of right answers among `answers`."""
    nearest = round(percent * answers / 100)
    return abs(100 * nearest / answers - percent) <= ROUNDING + 1e-9
