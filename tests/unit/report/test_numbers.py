"""How numbers, intervals and p are written."""

import pytest

from tests.support.report_example import example_result
from xdomain.core.foreign_text import plain
from xdomain.report.cell_view import cell_interval
from xdomain.report.numbers import count_text, estimate_text, interval_text, p_text, share_text


@pytest.mark.parametrize(
    ("value", "signed", "expected"),
    [
        (0.155, True, "+15.5"),
        (-0.155, True, "−15.5"),
        (0.155, False, "15.5"),
        (0.0, True, "0.0"),
        (-0.0004, True, "0.0"),
        (0.0004, True, "0.0"),
        (None, True, ""),
    ],
)
def test_points_have_a_sign_and_one_decimal_and_zero_has_no_sign(value, signed, expected):
    assert estimate_text("fraction", value, signed=signed) == expected


def test_other_units_have_two_decimals():
    assert estimate_text("ratio", 0.666) == "+0.67"
    assert estimate_text("logit", -1.5) == "−1.50"
    assert estimate_text("odds ratio", 1.349, signed=False) == "1.35"


def test_intervals():
    assert interval_text("fraction", -0.012, 0.06) == "[−1.2, 6.0]"
    assert interval_text("fraction", None, 0.06) == "[−∞, 6.0]"
    assert interval_text("fraction", 0.01, None) == "[1.0, ∞]"
    assert interval_text("fraction", None, None) == ""


def test_a_ratio_without_interval_is_unbounded():
    matrix = example_result().matrices["relative_transfer"]
    cell = matrix.cells["math"]["math"].model_copy(update={"low": None, "high": None})
    assert cell_interval(matrix, cell) == "unbounded"


@pytest.mark.parametrize(
    ("p", "expected"), [(None, ""), (0.0, "< 0.001"), (0.00099, "< 0.001"), (0.0341, "0.034"), (1.0, "1")]
)
def test_p(p, expected):
    assert p_text(p) == expected


def test_counts_and_shares_never_hide_what_is_missing_or_small():
    assert count_text(None) == "not recorded"
    assert count_text(98304.0) == "98,304"
    assert count_text(98304.5) == "98,304.5"
    assert share_text(None) == ""
    assert share_text(0.0) == "0%"
    assert share_text(0.001) == "< 0.5%"
    assert share_text(0.04) == "4%"


def test_plain_text_keeps_no_control_characters_or_direction_marks():
    assert plain("a\x1b[31mb\x00\u202ec") == "a\N{REPLACEMENT CHARACTER}[31mb" + 2 * "\N{REPLACEMENT CHARACTER}" + "c"
    assert plain("a\r\nb\tc") == "a b c"
    assert plain("a\r\nb\tc", keep_lines=True) == "a\nb\tc"
    assert plain("\ud800") == "\N{REPLACEMENT CHARACTER}"
    assert plain("ähm, 数学 → ✓") == "ähm, 数学 → ✓"
