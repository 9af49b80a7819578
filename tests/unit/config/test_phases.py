"""Phases as data: their canonical form and text."""

from __future__ import annotations

from xdomain.config.curriculum import Curriculum, parse_curriculum, sequence
from xdomain.config.phases import DEFAULT_DENSITY, MergeMethod, decimal_text, make_distill, make_merge, make_phase

A, B, CHAIN = sequence("a"), sequence("b"), sequence("ab")


def test_the_arguments_of_functions_are_sorted_by_their_text() -> None:
    assert make_merge({B: 1.0, A: 2.0}) == make_merge({A: 2.0, B: 1.0})
    assert make_merge({B: 1.0, CHAIN: 1.0, A: 1.0}).inner == (A, CHAIN, B)
    assert make_distill({"b": B, "a": CHAIN}).teachers == (("a", CHAIN), ("b", B))


def test_a_sparse_merge_has_a_density_and_a_linear_one_has_none() -> None:
    assert make_merge({A: 1.0}, density=0.5).density is None
    for method in set(MergeMethod) - {MergeMethod.LINEAR}:
        assert method.is_sparse
        assert make_merge({A: 1.0}, method).density == DEFAULT_DENSITY
        assert make_merge({A: 1.0}, method, 0.5).density == 0.5


def test_functions_train_on_no_mixture_and_name_their_domains() -> None:
    merge, distill = make_merge({CHAIN: 1.0, A: 1.0}), make_distill({"c": CHAIN}, 7)
    assert (merge.domains, merge.is_mixed, merge.steps) == (("a", "b"), False, None)
    assert (distill.domains, distill.is_mixed, distill.steps, distill.inner) == (("c",), False, 7, (CHAIN,))
    assert make_phase({"a": 1}).inner == ()


def test_settings_and_weights_are_printed_if_they_differ_from_the_default() -> None:
    mixture = Curriculum((make_phase({"a": 2, "b": 1}),))
    assert str(make_merge({mixture: 1.0, A: 0.5}, MergeMethod.TIES)) == "merge((2*a + b), 0.5*a, method=ties)"
    assert str(make_merge({mixture: 3.0}, MergeMethod.TIES, 1.0)) == "merge(3*(2*a + b), method=ties, density=1)"
    assert str(make_distill({"a": A, "b": CHAIN}, 3)) == "distill(a, b: a -> b)@3"
    assert str(parse_curriculum("merge(a, b) -> c@4")) == "merge(a, b) -> c@4"


def test_decimals_have_no_trailing_zeros() -> None:
    assert list(map(decimal_text, (1.0, 0.7, 10.0, 0.000001, 123456.5))) == ["1", "0.7", "10", "0.000001", "123456.5"]
