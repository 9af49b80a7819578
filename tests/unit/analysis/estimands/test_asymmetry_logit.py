"""Asymmetry in logits."""

from __future__ import annotations

import numpy as np

from tests.support.cells import close


def test_it_is_the_difference_of_two_changes_of_logits(result, level):
    def logit(p):
        return np.log(p / (1 - p))

    expected = logit(level("math", "science")) - logit(level("base", "science"))
    expected -= logit(level("science", "math")) - logit(level("base", "math"))
    assert close(result.matrices["asymmetry_logit"].cell("math", "science"), expected)
