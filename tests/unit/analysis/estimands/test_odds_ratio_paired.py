"""The paired difference over the same domains as the odds ratio."""

from __future__ import annotations

import numpy as np

from tests.support.cells import close


def test_it_is_the_mean_change_over_a_set_of_domains(result, level):
    row = result.matrices["odds_ratio_paired"].cells["math -> science"]

    def change(*domains):
        return np.mean([level("math -> science", d) - level("base", d) for d in domains])

    assert close(row["trained domains"], change("math", "science"))
    assert close(row["other domains"], change("logic"))
    assert close(row["all domains"], change("math", "science", "logic"))
