"""Published tables as references: contradictions within them, and effects that are beyond noise."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from itertools import combinations, permutations
from statistics import fmean
from typing import Any

from xdomain.analysis.accuracy_table import AccuracyTable, Pairing, Published, difference_variance, table_measurements
from xdomain.analysis.gate import cells_named
from xdomain.analysis.reference_strategies import strategy_contradictions, strategy_effects, strategy_table
from xdomain.analysis.result import AnalysisResult, PublishedEffect, PublishedStudy, Standing
from xdomain.config.curriculum import parse_curriculum, sequence
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.errors import AnalysisError, ConfigError
from xdomain.core.registry import did_you_mean

REFERENCES = {"when-domains-interact": "when_domains_interact.json", "cgpo": "cgpo.json"}
PAIRINGS: dict[Standing, Pairing] = {"for any pairing": "any", "if answers are independent": "independent"}
NORMAL_QUANTILE = 1.959963984540054
MOST_ITEMS = 10**9
CLEAR_POINTS = 2.0
"""Smallest differences, in points, of curves and of cells that are used to check labels.

The standard error of 500 items is 2 points.
"""

Triples = dict[tuple[str, str], float]
"""Change in points, keyed by (target domain, other domain)."""


@dataclass(frozen=True)
class Reference:
    """A published study.

    Attributes:
        table: Final accuracies of the study.
        raw: Unchanged content of its file, including curves and printed values.
    """

    table: AccuracyTable
    raw: Mapping[str, Any]


def load_reference(name: str = "when-domains-interact") -> Reference:
    """Return a published study that ships with the package.

    Raises:
        AnalysisError: The name is unknown.
    """
    if name not in REFERENCES:
        raise AnalysisError(
            f'unknown reference "{name}".{did_you_mean(name, REFERENCES)}', fix=f"Known: {', '.join(REFERENCES)}."
        )
    folder = resources.files("xdomain.analysis") / "reference"
    return read_reference((folder / REFERENCES[name]).read_text(encoding="utf-8"), name)


def read_reference(text: str, name: str) -> Reference:
    """Read a study in the JSON layout of a shipped one: protocol.tests, and single, mixed, ... or strategies.

    Raises:
        AnalysisError: The file has another layout.
    """
    try:
        raw = json.loads(text)
        tests = raw["protocol"]["tests"]
        if "strategies" in raw:
            reference = Reference(strategy_table(raw, name), raw)
        else:
            reference = Reference(_reference_table(raw, tests, name), raw)
            derived_retention(reference)
            derived_plasticity(reference)
        published_study(reference)  # also reads the optional parts of the layout
        return reference
    except (ArithmeticError, AttributeError, ConfigError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise AnalysisError(
            f"is not a published study: {type(error).__name__}: {error}.",
            where=name,
            fix="Use the layout of when_domains_interact.json, or of cgpo.json for strategies, both in "
            "xdomain/analysis/reference.",
        ) from error


def _reference_table(raw: Mapping[str, Any], tests: Mapping[str, Any], name: str) -> AccuracyTable:
    cells: dict[tuple[RunId, str], Published] = {}
    for group in ("single", "sequential_pairs", "mixed", "sequential_triples"):
        for key, values in raw[group].items():
            for domain, percent in values.items():
                cells[run_named(key), domain] = _published(percent, tests[domain][1])
    source = f"{raw['paper']}, {raw['repo']}"
    return AccuracyTable(name, source, tuple(tests), cells)


def _published(percent: Any, n_items: Any) -> Published:
    """Return one accuracy of a study.

    Raises:
        ValueError: The accuracy is not a percentage, or the number of its items is not a positive whole number.
    """
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise ValueError(f"an accuracy should be a percentage. Found {percent!r}")
    if type(n_items) is not int or not 1 <= n_items < MOST_ITEMS:
        raise ValueError(f"the items of a test should be a positive whole number. Found {n_items!r}")
    return Published(percent / 100, n_items)


def run_named(key: str) -> RunId:
    """Return the run that a study's file calls "logic>math>science"."""
    return RunId(parse_curriculum(key.replace(">", "->").replace("(", "").replace(")", "")), JOINT)


def in_order(*domains: str) -> RunId:
    """Return the run that trains these domains one after the other."""
    return RunId(sequence(domains), JOINT)


def rounded(fraction: float) -> Decimal:
    """Return a percentage rounded half up to 0.1, as authors round printed numbers."""
    return (Decimal(repr(round(100 * fraction, 6)))).quantize(Decimal("0.1"), ROUND_HALF_UP)


def derived_retention(reference: Reference) -> Triples:
    """Return R[target -> other, target] - R[(target), target], from accuracies rounded to 0.1 points beforehand."""
    cells = reference.table.cells
    return {
        (target, other): float(
            rounded(cells[in_order(target, other), target].accuracy) - rounded(cells[in_order(target), target].accuracy)
        )
        for target, other in permutations(reference.table.domains, 2)
    }


def derived_plasticity(reference: Reference) -> Triples:
    """Return R[other -> target, target] - R[(target), target], rounded in the same way."""
    cells = reference.table.cells
    return {
        (target, first): float(
            rounded(cells[in_order(first, target), target].accuracy) - rounded(cells[in_order(target), target].accuracy)
        )
        for target, first in permutations(reference.table.domains, 2)
    }


def inconsistencies(reference: Reference) -> tuple[str, ...]:
    """Return a sentence for each printed or plotted value that does not follow from the published accuracies.

    Values that the study's file does not hold are not compared.
    """
    printed = reference.raw.get("printed", {})
    found: list[str] = []
    if "retention" in printed:
        found += _printed_changes("retention", printed["retention"], derived_retention(reference))
    if "plasticity" in printed:
        found += _printed_changes("plasticity", printed["plasticity"], derived_plasticity(reference))
    found += _plotted_means(reference, printed.get("plotted_means", {}))
    if "curves_decoded_from_vector_pdf" in reference.raw:
        found += _exchanged_labels(reference)
    return tuple(found)


def _printed_changes(name: str, printed: Mapping[str, Mapping[str, float]], derived: Triples) -> Iterator[str]:
    for target, row in printed.items():
        for other, value in row.items():
            if abs(derived[target, other] - value) > 1e-9:
                follows = derived[target, other]
                yield f"{name} of {target} with {other}: {value:+.1f} is printed, {follows:+.1f} follows."


def _plotted_means(reference: Reference, means: Mapping[str, float]) -> Iterator[str]:
    for key, plotted in means.items():
        run = run_named(key)
        values = [cell.accuracy for (found, _), cell in reference.table.cells.items() if found == run]
        mean = 100 * fmean(values)
        if abs(mean - plotted) > 0.01:
            yield f"{run}: a mean accuracy of {plotted:.2f} is plotted, but its cells average {mean:.2f}."


def _exchanged_labels(reference: Reference) -> Iterator[str]:
    """Check the labels of the first domain's curves in a second phase against the accuracies at the end."""
    for first, curves in reference.raw["curves_decoded_from_vector_pdf"]["data"].items():
        join = max(step for second, points in curves if second == first for step, _ in points)
        level = {second: fmean(v for step, v in points if step > join) for second, points in curves if second != first}
        end = {second: 100 * reference.table.cells[in_order(first, second), first].accuracy for second in level}
        wrong = _contradictions(level, end)
        if wrong:
            pairs = combinations(sorted(level), 2)
            cures = [pair for pair in pairs if not _contradictions(_exchange(level, *pair), end)]
            words = [
                f"{a} and {b} ({level[a] - level[b]:+.1f} against {end[a] - end[b]:+.1f} points)" for a, b in wrong
            ]
            names = " or ".join(f"{a} and {b}" for a, b in cures) or "none"
            yield (
                f"curves of {first} contradict the accuracies at the end for {', '.join(words)}; "
                f"labels whose exchange removes it: {names}."
            )


def _contradictions(level: Mapping[str, float], end: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the pairs of second domains that the curves and the final accuracies order oppositely, both clearly."""
    gaps = {(a, b): (level[a] - level[b], end[a] - end[b]) for a, b in combinations(sorted(level), 2)}
    return [pair for pair, (x, y) in gaps.items() if x * y < 0 and min(abs(x), abs(y)) >= CLEAR_POINTS]


def _exchange(level: Mapping[str, float], one: str, other: str) -> dict[str, float]:
    return {**level, one: level[other], other: level[one]}


def published_study(reference: Reference, own: AnalysisResult | None = None) -> PublishedStudy:
    """Return the part of a report about a study.

    Args:
        own: Result whose cells are shown with the published effects.
    """
    notes = tuple(reference.raw.get("notes", ()))
    if "strategies" in reference.raw:
        return PublishedStudy(
            name=reference.table.name,
            source=reference.table.source,
            effects=strategy_effects(reference.raw, reference.table, own),
            contradictions=strategy_contradictions(reference.raw, reference.table),
            notes=notes,
        )
    effects = published_effects(reference)
    if own is not None:
        cells = cells_named(own, [effect.name for effect in effects])
        effects = tuple(effect.model_copy(update={"own": cells.get(effect.name)}) for effect in effects)
    table = reference.table
    return PublishedStudy(
        name=table.name, source=table.source, effects=effects, contradictions=inconsistencies(reference), notes=notes
    )


def published_effects(reference: Reference) -> tuple[PublishedEffect, ...]:
    """Return order effects, retention and plasticity of all pairs, each with its possible noise."""
    found: list[PublishedEffect] = []
    for a, b in combinations(reference.table.domains, 2):
        for t in (a, b):
            runs = (in_order(a, b), in_order(b, a))
            found.append(_effect(reference, "order_effect", f"order({a}, {b}) on {t}", *runs, t))
    for a, b in permutations(reference.table.domains, 2):
        pair = in_order(a, b)
        found.append(_effect(reference, "retention", f"retention({pair})", pair, in_order(a), a))
        found.append(_effect(reference, "plasticity", f"plasticity({pair})", pair, in_order(b), b))
    adjusted = _standing_adjusted(reference)
    return tuple(
        effect.model_copy(update={"stands_adjusted": adjusted.get(effect.name, effect.stands_adjusted)})
        for effect in found
    )


def _standing_adjusted(reference: Reference) -> dict[str, Standing]:
    """Return, for each effect shown in its matrix of the whole table, the bound that shows it, keyed by name."""
    found: dict[str, Standing] = {}
    for standing, pairing in PAIRINGS.items():
        measurements = table_measurements(reference.table, pairing)
        for quantity, matrix in (("order", "order_effect"), ("retention", "retention"), ("plasticity", "plasticity")):
            filled = measurements.matrix(matrix)
            assert filled is not None
            for row, columns in filled.cells.items():
                for column, cell in columns.items():
                    if cell.word in ("gain", "loss"):
                        name = f"{quantity}({row})" + (f" on {column}" if quantity == "order" else "")
                        found.setdefault(name, standing)
    return found


def _effect(reference: Reference, matrix: str, name: str, left: RunId, right: RunId, domain: str) -> PublishedEffect:
    first, second = reference.table.cells[left, domain], reference.table.cells[right, domain]
    effect = first.accuracy - second.accuracy
    variances = {standing: difference_variance(first, second, pairing) for standing, pairing in PAIRINGS.items()}
    stands: Standing = "not beyond noise"
    undo = None
    for standing, variance in variances.items():
        slack = (effect / NORMAL_QUANTILE) ** 2 - variance
        if slack > 0:
            stands, undo = standing, math.sqrt(slack / 2)
            break
    errors = [math.sqrt(variance) for variance in variances.values()]
    return PublishedEffect(
        name=name,
        matrix=matrix,
        effect=effect,
        n_items=first.n_items,
        error_any_pairing=errors[0],
        error_independent=errors[1],
        stands=stands,
        stands_adjusted="not beyond noise",
        seed_sd_to_undo=undo,
    )
