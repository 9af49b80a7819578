"""Each strategy against a hand-computed case and an independent formulation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchjd import aggregation

from xdomain.config.strategy import (
    AlignedMTLConfig,
    CAGradConfig,
    CGPOConfig,
    FAMOConfig,
    JointConfig,
    MGDAConfig,
    MGSConfig,
    PCGradConfig,
    ScaledConfig,
    StrategyModel,
    UPGradConfig,
)
from xdomain.core.errors import DependencyMissing
from xdomain.strategies.build import build_strategy
from xdomain.strategies.famo import FAMO
from xdomain.strategies.testing import FunctionStep, displacement, step_of_gradients

SHARES = {"a": 0.6, "b": 0.3, "c": 0.1}


def flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def gradients_of(rows: Sequence[Sequence[float]]) -> dict[str, list[Tensor]]:
    return {name: [torch.tensor(row, dtype=torch.float64)] for name, row in zip("abc", rows, strict=False)}


def jacobian(count: int, seed: int = 0, length: int = 7) -> Tensor:
    return torch.randn(count, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def build(config: StrategyModel, names: Sequence[str] = "abc") -> Any:
    try:
        return build_strategy(config, tuple(names), 0)
    except DependencyMissing as error:
        pytest.skip(error.what)


class Quadratics:
    """Mean losses 1/2 (x - c_k)^T H_k (x - c_k) in five dimensions."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        self.start = torch.randn(5, generator=generator, dtype=torch.float64)
        self.hessians, self.centres = {}, {}
        for name in SHARES:
            root = torch.randn(5, 5, generator=generator, dtype=torch.float64)
            self.hessians[name] = root @ root.T / 5
            self.centres[name] = torch.randn(5, generator=generator, dtype=torch.float64)

    def gradient(self, name: str) -> Tensor:
        return self.hessians[name] @ (self.start - self.centres[name])

    def step(self, rate: float) -> FunctionStep:
        def loss(name: str) -> Any:
            def value(at: Sequence[Tensor]) -> Tensor:
                offset = at[0] - self.centres[name]
                return 0.5 * offset @ self.hessians[name] @ offset

            return value

        return FunctionStep(
            [torch.nn.Parameter(self.start.clone())],
            {name: loss(name) for name in SHARES},
            SHARES,
            learning_rate=rate,
        )

    def joint(self, rate: float) -> Tensor:
        return -rate * sum(SHARES[name] * self.gradient(name) for name in SHARES)

    def expansion(self, rate: float, order: Sequence[str]) -> Tensor:
        """Joint step plus rate^2 sum over j before k of share_k share_j H_k g_j."""
        total = self.joint(rate)
        for place, later in enumerate(order):
            for earlier in order[:place]:
                pair = SHARES[later] * SHARES[earlier]
                total = total + rate**2 * pair * self.hessians[later] @ self.gradient(earlier)
        return total


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.2])
@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b")])
def test_cgpo_is_its_expansion_to_second_order(alpha: float, order: tuple[str, ...]) -> None:
    problem = Quadratics()
    residuals = []
    for rate in (0.02, 0.01):
        found = flat(displacement(build(CGPOConfig(alpha=alpha, fixed_order=order)), problem.step(rate)))
        residuals.append(float((found - alpha * problem.expansion(rate, order)).norm()))
        without_hessian = float((found - alpha * problem.joint(rate)).norm())
        assert residuals[-1] < 0.1 * without_hessian
    assert residuals[0] / residuals[1] == pytest.approx(8, rel=0.05)  # third order: halving the rate leaves an eighth


def test_cgpo_tends_to_joint_as_the_rate_tends_to_zero() -> None:
    problem = Quadratics()
    gaps = []
    for rate in (1e-2, 1e-4, 1e-6):
        found = flat(displacement(build(CGPOConfig(alpha=1.0)), problem.step(rate)))
        gaps.append(float((found - problem.joint(rate)).norm() / problem.joint(rate).norm()))
    assert gaps[0] > 1e-3
    assert gaps[1] < gaps[0] / 50
    assert gaps[2] < gaps[1] / 50


def test_cgpo_with_one_domain_and_alpha_one_is_joint_and_alpha_stretches_it() -> None:
    gradients = gradients_of([[1.0, -2.0, 0.5]])
    joint = flat(displacement(build(JointConfig(), "a"), step_of_gradients(gradients)))
    assert torch.equal(flat(displacement(build(CGPOConfig(alpha=1.0), "a"), step_of_gradients(gradients))), joint)
    stretched = flat(displacement(build(CGPOConfig(alpha=1.5), "a"), step_of_gradients(gradients)))
    torch.testing.assert_close(stretched, 1.5 * joint)


def test_cgpo_reshuffles_every_step_unless_the_order_is_fixed() -> None:
    orders = set()
    for number in range(30):
        step = step_of_gradients(gradients_of([[1.0], [2.0], [3.0]]), number=number)
        displacement(build(CGPOConfig()), step)
        orders.add(tuple(step.asked))
    assert len(orders) == 6
    step = step_of_gradients(gradients_of([[1.0], [2.0], [3.0]]))
    displacement(build(CGPOConfig(fixed_order=("b", "c", "a"))), step)
    assert step.asked == ["b", "c", "a"]


def test_pcgrad_by_hand() -> None:
    """Parts (1, 0)/2 and (-1, 1)/2: projected (1/4, 1/4) and (0, 1/2), weights 2 and 3/2, rescaled to sum 2."""
    found = flat(displacement(build(PCGradConfig(), "ab"), step_of_gradients(gradients_of([[1, 0], [-1, 1]]))))
    expected = torch.tensor([0.25, 0.75], dtype=torch.float64) * 2 / 3.5
    torch.testing.assert_close(found, -expected)


def test_pcgrad_without_conflict_is_the_sum() -> None:
    gradients = gradients_of([[1.0, 0.0, 0.2], [0.3, 1.0, 0.0], [0.0, 0.1, 5.0]])
    joint = flat(displacement(build(JointConfig()), step_of_gradients(gradients)))
    torch.testing.assert_close(flat(displacement(build(PCGradConfig()), step_of_gradients(gradients))), joint)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    ("config", "reference"),
    [
        (PCGradConfig(), aggregation.PCGrad),
        (MGDAConfig(), aggregation.MGDA),
        (CAGradConfig(c=0.4), lambda: aggregation.CAGrad(c=0.4)),
        (UPGradConfig(), aggregation.UPGrad),
        (AlignedMTLConfig(), aggregation.AlignedMTL),
        (AlignedMTLConfig(scale_mode="rmse"), lambda: aggregation.AlignedMTL(scale_mode="rmse")),
    ],
    ids=["pcgrad", "mgda", "cagrad", "upgrad", "aligned_mtl", "aligned_mtl_rmse"],
)
def test_gramian_methods_point_where_torchjd_points(config: StrategyModel, reference: Any, count: int) -> None:
    """torchjd on the whole Jacobian, brought to the same weight sum, is the same vector."""
    strategy = build(config, "abc"[:count])
    matrix = jacobian(count)
    matrix[1] -= 1.5 * matrix[0]  # a conflict
    found = -flat(displacement(strategy, step_of_gradients(gradients_of(matrix.tolist()))))
    if isinstance(config, PCGradConfig) and count == 3:
        candidates = []
        for seed in range(40):  # its order is random: ours is one of them
            torch.manual_seed(seed)
            candidates.append(reference()(matrix))
    else:
        candidates = [reference()(matrix)]
    cosines = [float(torch.cosine_similarity(found, candidate, dim=0)) for candidate in candidates]
    assert max(cosines) == pytest.approx(1.0, abs=1e-6)
    # Weights that sum to the number of domains: found = parts^T w, so w solves the least-squares problem exactly.
    weights = torch.linalg.lstsq((matrix / count).T, found.unsqueeze(1)).solution.flatten()
    assert float(weights.sum()) == pytest.approx(count, rel=1e-6)


def test_domains_without_gradient_are_left_out_and_mgda_does_not_stall() -> None:
    gradients = gradients_of([[1.0, 2.0], [0.0, 0.0]])
    found = flat(displacement(build(MGDAConfig(), "ab"), step_of_gradients(gradients)))
    torch.testing.assert_close(found, torch.tensor([-0.5, -1.0], dtype=torch.float64))


def test_mgs_is_pcgrad_in_each_tensor() -> None:
    generator = torch.Generator().manual_seed(3)
    shapes = [(3, 2), (4,), (2, 2)]
    gradients = {name: [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes] for name in "ab"}
    found = displacement(build(MGSConfig(), "ab"), step_of_gradients(gradients))
    conflicts = 0
    for place in range(len(shapes)):
        rows = torch.stack([gradients[name][place].flatten() / 2 for name in "ab"])
        conflicts += int(rows[0] @ rows[1] < 0)
        weights = aggregation.PCGradWeighting()(rows @ rows.T)
        expected = (weights * 2 / weights.sum()) @ rows
        torch.testing.assert_close(-found[place].flatten(), expected)
    assert 0 < conflicts < len(shapes)


def projected(rows: Tensor, orders: Sequence[Sequence[int]]) -> Tensor:
    """PCGrad as Alg. 1 of 2001.06782 writes it, each gradient in its own order, as weights on the rows that are
    rescaled to sum to their number."""
    weights = torch.eye(len(rows), dtype=rows.dtype)
    for i, order in enumerate(orders):
        for j in order:
            inner = weights[i] @ rows @ rows[j]
            if inner < 0:
                weights[i, j] -= inner / (rows[j] @ rows[j])
    total = weights.sum(dim=0)
    return (total * len(rows) / total.sum()) @ rows


def test_mgs_is_surgery_as_the_paper_writes_it_in_an_order_of_each_tensors_own() -> None:
    generator = torch.Generator().manual_seed(5)
    shapes = [(3, 2), (4,), (2, 2), (3,)]
    gradients = {name: [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes] for name in "abc"}
    others = [[j for j in range(3) if j != i] for i in range(3)]
    every = [*itertools.product(*(itertools.permutations(each) for each in others))]
    candidates = [
        torch.stack([projected(torch.stack([gradients[k][place].flatten() / 3 for k in "abc"]), o) for o in every])
        for place in range(len(shapes))
    ]
    seen = []
    for number in range(30):
        found = displacement(build(MGSConfig()), step_of_gradients(gradients, number=number))
        gaps = [(found[i].flatten() + each).norm(dim=1) for i, each in enumerate(candidates)]
        assert max(float(each.min()) for each in gaps) < 1e-9
        seen.append(tuple(int(each.argmin()) for each in gaps))
    assert len(set(seen)) > max(len({step[place] for step in seen}) for place in range(len(shapes)))


def test_mgs_reports_its_conflicts() -> None:
    gradients = {"a": [torch.ones(2), torch.ones(3)], "b": [-torch.ones(2), torch.ones(3)]}
    figures = build(MGSConfig(), "ab").step(step_of_gradients(gradients))
    assert figures == {"conflicting_tensors": 1, "tensors": 2}


def test_famo_follows_its_equations_for_50_steps() -> None:
    """Against Alg. 1 written out in numpy: softmax Jacobian by hand, Adam by hand."""
    config = FAMOConfig(learning_rate=0.1, weight_decay=0.02, floor=0.05)
    strategy = FAMO(config, ("a", "b", "c"), 0)
    drift = np.linspace(0, 1, 51)[:, None] * np.array([-0.6, 0.0, 0.3])
    rates = np.clip(np.random.default_rng(0).normal(0.6, 0.1, size=(51, 3)) + drift, 0, 1)
    logits, mean, square = np.zeros(3), np.zeros(3), np.zeros(3)
    before = None
    for number, row in enumerate(rates):
        error = np.maximum(row, 0.05)
        shares = np.exp(logits) / np.exp(logits).sum()
        if before is not None:
            progress = np.log(before + 1e-8) - np.log(error + 1e-8)
            slope = (np.diag(shares) - np.outer(shares, shares)) @ progress + 0.02 * logits
            mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            corrected = mean / (1 - 0.9**number), square / (1 - 0.999**number)
            logits = logits - 0.1 * corrected[0] / (np.sqrt(corrected[1]) + 1e-8)
        shares = np.exp(logits) / np.exp(logits).sum()
        expected = shares / (error + 1e-8) / (shares / (error + 1e-8)).sum()
        strategy.observe(dict(zip("abc", row.tolist(), strict=True)))
        assert list(strategy.weights("abc").values()) == pytest.approx(expected.tolist(), rel=1e-9)
        before = error
    assert np.abs(logits).max() > 0.1


def test_famo_weighs_mean_gradients_and_favours_the_domain_that_lags() -> None:
    strategy = FAMO(FAMOConfig(), ("a", "b"), 0)
    for rate in (0.9, 0.7, 0.5, 0.3):
        step = step_of_gradients(gradients_of([[1.0, 0.0], [0.0, 1.0]]), error_rates={"a": rate, "b": 0.9})
        moved = -flat(displacement(strategy, step))
        weights = strategy.weights("ab")
        torch.testing.assert_close(moved, torch.tensor([weights["a"], weights["b"]], dtype=torch.float64))
    state = strategy.state()["logits"]
    assert float(state[0]) < 0 < float(state[1])  # a progressed, so its logit fell


def test_scaled_by_hand() -> None:
    gradients = gradients_of([[1.0, 0.0], [0.0, 1.0]])
    found = flat(displacement(build(ScaledConfig(weights={"a": 3.0}), "ab"), step_of_gradients(gradients)))
    torch.testing.assert_close(found, torch.tensor([-1.5, -0.5], dtype=torch.float64))


def test_scaled_equal_gives_every_domain_the_same_part() -> None:
    parameters = [torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))]
    losses = {name: (lambda at, place=place: at[0][place]) for place, name in enumerate(SHARES)}
    found = flat(displacement(build(ScaledConfig(weights="equal")), FunctionStep(parameters, losses, SHARES)))
    torch.testing.assert_close(found, torch.full((3,), -1 / 3, dtype=torch.float64))
