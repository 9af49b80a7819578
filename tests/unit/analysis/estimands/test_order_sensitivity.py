"""Order sensitivity."""

from __future__ import annotations

import numpy as np
import pytest


def test_order_sensitivity_takes_noise_off(result):
    cells = [result.matrices["order_effect"].cell("math, science", t) for t in ("math", "science")]
    raw = np.sqrt(np.mean([cell.estimate**2 for cell in cells]))
    found = result.matrices["order_sensitivity"].cell("math, science", "trained domains")
    assert 0 <= found.estimate < raw
    assert found.p == pytest.approx(1 - (1 - min(cell.p for cell in cells)) ** 2)
    assert found.n_items == 100
