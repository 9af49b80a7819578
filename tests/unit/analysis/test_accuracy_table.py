"""Bounds from aggregates: what is published, and what is not."""

import math

import pytest

from xdomain.analysis.accuracy_table import AccuracyTable, Published, difference_variance, table_measurements
from xdomain.analysis.contrast import Blank, Effect
from xdomain.config.run_id import BASE_RUN, parse_run

A, B = parse_run("a"), parse_run("a -> b")
TABLE = AccuracyTable(
    "paper", "here", ("a", "b"), {(BASE_RUN, "a"): Published(0.5, 100), (A, "a"): Published(0.9, 100)}
)


def test_the_bound_for_any_pairing_is_the_larger_one() -> None:
    first, second = Published(0.5, 100), Published(0.9, 100)
    assert difference_variance(first, second, "any") == pytest.approx((0.05 + 0.03) ** 2)
    assert difference_variance(first, second, "independent") == pytest.approx(0.05**2 + 0.03**2)


def test_levels_are_found_by_run_and_what_is_not_published_says_so() -> None:
    study = table_measurements(TABLE, "any").study
    assert TABLE.runs == (BASE_RUN, A)
    effect = study.difference(study.book.run(A), study.base, "a")
    assert isinstance(effect, Effect)
    assert float(effect.parts.mean) == pytest.approx(0.4)
    assert math.sqrt(float(effect.parts.items)) == pytest.approx(0.08)
    for missing in (study.level(study.book.run(B), "a"), study.difference(study.book.run(A), study.base, "b")):
        assert isinstance(missing, Blank)
        assert missing.note.startswith("not published")


def test_the_base_is_no_trained_run() -> None:
    assert [run.label for run in table_measurements(TABLE, "any").study.book.trained] == ["a"]
