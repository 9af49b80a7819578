"""The range of noise, in closed form."""

from __future__ import annotations

import math

import pytest

from xdomain.analysis.maxima import null_range


def test_null_range_closed_forms():
    assert null_range(2) == pytest.approx(2, abs=1e-6)
    assert null_range(3) == pytest.approx(2 + 3 * math.sqrt(3) / math.pi, abs=1e-6)
