"""Comparing what programs print and return: equal to itself, and never an error, whatever a program gives."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xdomain.domains.verifiers.same_output import Tolerance, same_output, same_value

TOLERANCE = Tolerance(1e-6, 1e-6)
TOKEN = st.text("0123456789+-.eE_[]{}(),:'\"naifTrue \t\n\r", max_size=30) | st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(st.text(max_size=3), child, max_size=3),
    max_leaves=10,
)


@given(TOKEN, TOKEN, st.sampled_from(["lines", "tokens", "exact"]))
def test_texts_compare_without_an_error(output, expected, compare):
    assert same_output(output, output, compare, TOLERANCE)
    assert same_output(output, expected, compare, TOLERANCE) in (True, False)


@given(JSON, JSON)
def test_values_compare_without_an_error(value, expected):
    assert same_value(value, value, TOLERANCE)
    assert same_value(value, expected, TOLERANCE) in (True, False)


@given(st.integers(), st.integers())
def test_different_integers_are_different(one, other):
    assert same_output(str(one), str(other), "lines", TOLERANCE) == (one == other)
    assert same_value(one, other, TOLERANCE) == (one == other)


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_decimals_agree_within_the_tolerance(one, other):
    close = math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    assert same_output(repr(one), repr(other), "lines", TOLERANCE) == close
    assert same_value(one, other, TOLERANCE) == close


@pytest.mark.parametrize(
    "value",
    [10**400, -(10**400), Decimal("1e999"), Decimal("nan"), Fraction(10**400), math.inf, math.nan, 1j, b"1", {1}],
    ids=lambda value: type(value).__name__,
)
def test_no_odd_number_equals_a_half(value):
    assert not same_value(value, 0.5, TOLERANCE)
    assert not same_value(value, 5, TOLERANCE)
