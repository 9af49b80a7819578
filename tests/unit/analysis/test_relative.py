"""Transfer as a share of what training on the domain itself gives."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate, Measured, pool_effects
from xdomain.analysis.ratio import RatioEstimate
from xdomain.analysis.relative import Pair, relative_ratios
from xdomain.analysis.study import build_study


def measured(**changes: Any) -> tuple[dict[Pair, RatioEstimate | Blank], dict[Pair, Measured]]:
    study = build_study(make_grid(("math", "science"), ("math", "science"), **changes))
    transfer = pool_effects(
        {
            (name, domain): study.difference(run, study.base, domain)
            for name, run in study.singles.items()
            for domain in study.domains
        }
    )
    return relative_ratios(study, transfer), transfer


def test_the_ratio_of_two_transfers() -> None:
    ratios, transfer = measured()
    assert ratios.keys() == {("math", "science"), ("science", "math")}
    for (trained, domain), found in ratios.items():
        top, bottom = transfer[trained, domain], transfer[domain, domain]
        assert not isinstance(found, Blank)
        assert isinstance(top, Estimate)
        assert isinstance(bottom, Estimate)
        ratio, counts = found
        assert ratio.value == pytest.approx(top.value / bottom.value)
        assert (counts.n_items, counts.n_seeds) == (60, 3)


def test_no_ratio_without_an_own_effect_or_a_spread() -> None:
    unmoved, _ = measured(null=True, seeds=(0,), n_items=1)
    assert all(isinstance(each, Blank) for each in unmoved.values())
    for each in unmoved.values():
        assert isinstance(each, Blank)
        assert each.note.startswith("no interval: one item")
        assert len(each.compares) == 3
