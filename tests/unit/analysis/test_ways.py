"""Sets of domains that a grid combines in several ways."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.grids import make_grid
from xdomain.analysis.study import build_study
from xdomain.analysis.ways import Combined, combined_domains

SINGLES = ("math", "science", "logic")


def found_in(*curricula: str) -> list[Combined]:
    grid = make_grid(curricula=(*SINGLES, *curricula), seeds=(0,), n_items=4, samples=1, saved_every=40)
    return list(combined_domains(build_study(grid)))


def labels(runs: Sequence) -> list[str]:
    return [run.label for run in runs]


def test_every_way_of_a_pair_is_found() -> None:
    (pair,) = found_in(
        "math -> science",
        "science -> math",
        "math + science",
        "math + science@20",
        "merge(math, science)",
        "merge(math, science, method=ties)",
        "distill(math, science)",
    )
    assert pair.domains == ("math", "science")
    assert labels(pair.orders) == ["math -> science", "science -> math"]
    assert labels(pair.mixtures) == ["math + science", "math + science@20"]
    assert labels(pair.merges) == ["merge(math, science)", "merge(math, science, method=ties)"]
    assert labels(pair.distillations) == ["distill(math, science)"]
    assert list(pair.experts) == ["math", "science"]


def test_one_way_alone_is_no_comparison() -> None:
    assert found_in() == []
    assert found_in("math -> science", "science -> math") == []


def test_what_repeats_a_domain_or_continues_a_merge_is_no_way() -> None:
    found = found_in("math -> math", "math -> science -> math", "merge(math, science) -> math", "math + science")
    assert found == []


def test_all_domains_come_before_pairs() -> None:
    found = found_in("math + logic", "math -> logic", "math + science + logic", "merge(math, science, logic)")
    assert [each.domains for each in found] == [("math", "science", "logic"), ("math", "logic")]
    assert found[0].orders == ()


def test_teachers_count_as_domains() -> None:
    found = found_in("distill(math: logic -> math, science)", "math + science + logic", "math + science")
    assert [each.domains for each in found] == [("math", "science", "logic")]
