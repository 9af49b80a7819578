"""Laws of every strategy on gradients that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from torch import Tensor

from xdomain.config.strategy import BUILT_IN, CGPOConfig, JointConfig, PCGradConfig, StrategyConfig
from xdomain.core.errors import DependencyMissing
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.strategies.testing import check_strategy, displacement, step_of_gradients

ADAPTER: TypeAdapter[Any] = TypeAdapter(StrategyConfig)

Rows = list[list[float]]

values = st.floats(-3, 3).map(lambda value: round(value, 3))
row_lists = st.integers(2, 4).flatmap(
    lambda count: st.lists(st.lists(values, min_size=5, max_size=5), min_size=count, max_size=count)
)


SIGNS = st.sampled_from((-1.0, 1.0))


def gaussian(seed: int) -> list[Tensor]:
    """A float32 gradient of two tensors without ties."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in ((3, 4), (5,))]


def build(name: str, count: int) -> Any:
    try:
        return build_strategy(ADAPTER.validate_python(name), tuple("abcd"[:count]), 0)
    except DependencyMissing as error:
        pytest.skip(error.what)


def moved(name: str, rows: Rows, order: Sequence[int] | None = None, scale: float = 1.0, number: int = 0) -> Tensor:
    order = order or range(len(rows))
    gradients = {
        "abcd"[place]: [scale * torch.tensor(part, dtype=torch.float64) for part in (rows[row][:2], rows[row][2:])]
        for place, row in enumerate(order)
    }
    step = step_of_gradients(gradients, number)
    return torch.cat([each.flatten() for each in displacement(build(name, len(rows)), step)])


@pytest.mark.parametrize("name", [*BUILT_IN])
def test_shared_laws(name: str) -> None:
    build(name, 3)
    check_strategy(lambda domains: build_strategy(ADAPTER.validate_python(name), domains, 0))


@pytest.mark.parametrize("name", [*BUILT_IN])
@settings(max_examples=40, deadline=None)
@given(
    factors=st.lists(
        st.one_of(st.just(0.0), st.builds(lambda sign, power: sign * 10.0**power, SIGNS, st.integers(-20, 20))),
        min_size=1,
        max_size=4,
    ),
    seeds=st.lists(st.integers(0, 2), min_size=4, max_size=4),
)
def test_finite_whatever_the_gradients(name: str, factors: list[float], seeds: list[int]) -> None:
    """Zero, tiny and huge beside one another; equal seeds are collinear or opposite; one domain of the phase may be
    missing."""
    gradients = {
        domain: [factor * tensor for tensor in gaussian(seed)]
        for domain, factor, seed in zip("abcd", factors, seeds, strict=False)
    }
    step = displacement(build(name, 4), step_of_gradients(gradients))
    assert all(bool(torch.isfinite(each).all()) for each in step)


@pytest.mark.parametrize("name", [*BUILT_IN])
@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_float32_squares_out_of_range_do_not_turn_a_method_into_joint(name: str, scale: float) -> None:
    reference, found = (
        displacement(
            build(name, 3),
            step_of_gradients(
                {domain: [factor * tensor for tensor in gaussian(seed)] for seed, domain in enumerate("abc")}
            ),
        )
        for factor in (1.0, scale)
    )
    for one, other in zip(reference, found, strict=True):
        assert torch.allclose(other / scale, one, rtol=1e-4, atol=1e-5)


def test_lists_of_domains_in_another_order_change_nothing() -> None:
    """A phase's domains are in the order of their names, whatever the order of the file."""
    for name in BUILT_IN:
        config = ADAPTER.validate_python(name)
        built: list[Strategy] = [build_strategy(config, names, 0) for names in ("abcd", "dbca")]
        one, other = (
            displacement(strategy, step_of_gradients({domain: gaussian(ord(domain)) for domain in names}, number=3))
            for strategy, names in zip(built, ("abcd", "dbca"), strict=True)
        )
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True)), name


@pytest.mark.parametrize(
    "name", ["joint", "scaled", "famo", "mgda", "upgrad", "aligned_mtl", "cagrad", "dacsp", "transfer_aware"]
)
@settings(max_examples=25, deadline=None)
@given(rows=row_lists, data=st.data())
def test_renaming_domains_changes_nothing(name: str, rows: Rows, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    reference = moved(name, rows)
    tolerance = {"cagrad": 1e-3, "upgrad": 1e-3}.get(name, 1e-5) * (1 + float(reference.abs().max()))
    if name == "mgda":  # Frank-Wolfe stops short of the optimum, at a point that depends on ties
        tolerance = 0.1 * (1 + float(reference.abs().max()))
    if name == "aligned_mtl" and torch.linalg.matrix_rank(torch.tensor(rows).double(), rtol=1e-6) < len(rows):
        return  # its scale is the least eigenvalue that counts as positive, which rounding decides
    assert torch.allclose(moved(name, rows, order), reference, atol=tolerance)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 4), data=st.data())
def test_renaming_domains_without_ties_changes_nothing_in_mgda(seed: int, count: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(count)))
    rows = torch.randn(count, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).tolist()
    reference = moved("mgda", rows)
    assert torch.allclose(moved("mgda", rows, order), reference, atol=1e-4)


@pytest.mark.parametrize("name", ["pcgrad", "mgs"])
def test_renaming_three_domains_permutes_the_orders_that_surgery_may_draw(name: str) -> None:
    """Each domain projects against the others in an order that is drawn by name, so a single step may differ. Over
    many steps the same moves of each tensor are drawn."""
    rows = [[1.0, 0.2, 0.1, 1.0, 0.3], [-0.6, 0.8, -0.4, -0.9, 0.5], [-0.3, -1.0, 0.7, 0.2, -1.1]]

    one, other = (
        [tuple((moved(name, rows, order, number=step) + 0.0).round(decimals=9).tolist()) for step in range(120)]
        for order in ((0, 1, 2), (2, 0, 1))
    )
    assert one != other
    for tensor in (slice(0, 2), slice(2, 5)):  # mgs draws an order for each of the two
        assert len({step[tensor] for step in one}) > 1
        assert {step[tensor] for step in one} == {step[tensor] for step in other}


@pytest.mark.parametrize("name", ["pcgrad", "mgs"])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.lists(values, min_size=5, max_size=5), min_size=2, max_size=2))
def test_renaming_two_domains_changes_nothing_where_the_order_is_random(name: str, rows: Rows) -> None:
    assert torch.allclose(moved(name, rows, [1, 0]), moved(name, rows), atol=1e-9)


@pytest.mark.parametrize("name", [*BUILT_IN])
@settings(max_examples=15, deadline=None)
@given(rows=row_lists, exponent=st.integers(-6, 6))
def test_scaling_all_gradients_scales_the_step(name: str, rows: Rows, exponent: int) -> None:
    factor = 2.0**exponent
    reference = moved(name, rows)
    tolerance = 1e-3 if name in ("cagrad", "upgrad") else 1e-9
    assert torch.allclose(moved(name, rows, scale=factor), factor * reference, rtol=tolerance, atol=tolerance * factor)


@pytest.mark.parametrize("name", ["joint", "scaled", "cgpo", "famo", "bandit", "transfer_aware", "dacsp"])
@settings(max_examples=15, deadline=None)
@given(rows=row_lists, factor=st.floats(0.1, 10))
def test_a_longer_gradient_counts_for_as_much_more(name: str, rows: Rows, factor: float) -> None:
    def with_first(scale: float) -> Tensor:
        return moved(name, [[scale * value for value in rows[0]], *rows[1:]])

    own = with_first(1.0) - with_first(0.0)
    assert torch.allclose(with_first(factor), with_first(1.0) + (factor - 1) * own, atol=1e-9)


def test_mgda_leans_to_the_shorter_gradient() -> None:
    """Weights of orthogonal gradients are as one over their squares, here 9 : 1, brought to joint's sum 2."""
    step = moved("mgda", [[1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0, 0.0]])
    assert step[:2].tolist() == pytest.approx([-0.5 * 2 * 0.9, -0.5 * 2 * 0.1 * 3])


@pytest.mark.parametrize("name", ["mgda", "upgrad"])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(values, min_size=5, max_size=5), min_size=2, max_size=2))
def test_the_gradient_conflicts_with_no_domain(name: str, rows: Rows) -> None:
    """What both promise, before an adaptive optimizer voids it."""
    gradient = -moved(name, rows)
    for row in torch.tensor(rows).double():
        assert float(row @ gradient) >= -2e-2 * (1 + float(row.norm() * gradient.norm()))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(values.map(abs), min_size=5, max_size=5), min_size=2, max_size=4))
def test_without_conflict_surgery_is_joint(rows: Rows) -> None:
    """TorchJD counts a gradient of length 1e-8 beside one of length 1 as zero, so that none so short is drawn."""
    joint = moved("joint", rows)
    for name in ("pcgrad", "mgs"):
        kept = torch.tensor(rows, dtype=torch.float64)
        if (kept[:, :2].norm(dim=1) > 0).all() and (kept[:, 2:].norm(dim=1) > 0).all():
            assert torch.allclose(moved(name, rows), joint, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(rows=row_lists, alpha=st.floats(0.1, 2.0))
def test_cgpo_on_constant_gradients_is_alpha_times_joint(rows: Rows, alpha: float) -> None:
    gradients = {"abcd"[place]: [torch.tensor(row).double()] for place, row in enumerate(rows)}
    names = tuple(gradients)
    joint = displacement(build_strategy(JointConfig(), names, 0), step_of_gradients(gradients))[0]
    cgpo = displacement(build_strategy(CGPOConfig(alpha=alpha), names, 0), step_of_gradients(gradients))[0]
    assert torch.allclose(cgpo, alpha * joint, atol=1e-12)


def test_laws_catch_a_strategy_that_forgets_its_state() -> None:
    class Forgetful(type(build_strategy(PCGradConfig(), ("a",), 0))):  # type: ignore[misc]
        count = 0

        def step(self, step: Any) -> Any:
            self.count += 1
            step.set_gradient([self.count * tensor for tensor in step.loss_and_gradient("a").gradient])
            return {}

    with pytest.raises(AssertionError, match="`state` leaves out something"):
        check_strategy(lambda domains: Forgetful(PCGradConfig(), domains, 0))


def test_mgs_and_pcgrad_differ_where_only_one_tensor_conflicts() -> None:
    rows = [[1.0, 0.0, 1.0, 1.0, 1.0], [-0.5, 0.2, 1.0, 1.0, 1.0]]
    assert not torch.allclose(moved("mgs", rows), moved("pcgrad", rows))


@pytest.mark.parametrize(("name", "alike"), [("pcgrad", True), ("mgs", False)])
def test_mgs_draws_an_order_for_each_tensor_where_pcgrad_draws_one(name: str, alike: bool) -> None:
    """Two equal tensors move alike in every step only if they share the order of projections."""
    rows = [[-0.3, -1.0], [1.0, 0.2], [-0.6, 0.8]]
    steps = [moved(name, [[*row, *row, 0.0] for row in rows], number=number) for number in range(40)]
    assert all(torch.allclose(step[:2], step[2:4]) for step in steps) is alike
