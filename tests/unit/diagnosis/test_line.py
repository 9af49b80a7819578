"""Models between a stage's parent and its end, and what is measured on them."""

from __future__ import annotations

import pytest
import torch

from tests.support.damaged_pair import DamagedPair, batched
from xdomain.diagnosis.line import SHARES, Line, divergence, mean_log_likelihood, scan
from xdomain.models.checkpoint import load_plain


def silent() -> None:
    pass


@pytest.fixture(scope="module")
def line(pair: DamagedPair) -> Line:
    return Line(pair.damaged, pair.base, "cpu")


def test_both_ends_are_exact(line: Line, pair: DamagedPair) -> None:
    for share, folder in ((1.0, pair.damaged), (0.0, pair.base)):
        line.move(share)
        expected = dict(load_plain(folder).named_parameters())
        assert all(torch.equal(weight, expected[name]) for name, weight in line.model.named_parameters())


def test_one_module_is_placed(line: Line, pair: DamagedPair) -> None:
    module = next(module for module in line.modules if module.label == "layer 1 mlp")
    line.move(1.0)
    line.place(module, at_end=False)
    before, after = (dict(load_plain(folder).named_parameters()) for folder in (pair.base, pair.damaged))
    for name, weight in line.model.named_parameters():
        assert torch.equal(weight, before[name] if "layers.1.mlp" in name else after[name])
    line.place(module, at_end=True)
    assert all(torch.equal(weight, after[name]) for name, weight in line.model.named_parameters())


def test_only_changed_weights_have_gradients(pair: DamagedPair) -> None:
    line = Line(pair.one_block, pair.base, "cpu")
    assert [module.label for module in line.modules] == ["layer 1 mlp"]
    assert {name for name, weight in line.model.named_parameters() if weight.requires_grad} == set(line.weights)
    assert len(line.weights) == 3


def test_slope_and_curvature_are_those_of_autograd(line: Line, pair: DamagedPair) -> None:
    batches = batched(pair.right["puzzle"])
    found = scan(line, batches, silent)
    assert tuple(point.share for point in found.points) == SHARES
    values = {point.share: point.log_likelihood for point in found.points}
    assert found.change == pytest.approx(values[1.0] - values[0.0])

    def slope(share: float) -> float:
        line.move(share)
        loss = sum(batch.log_likelihoods(line.model).sum() for batch in batches) / len(pair.right["puzzle"])
        gradients = torch.autograd.grad(loss, list(line.weights.values()))
        return sum(
            float((gradient * line.change(name)).sum()) for name, gradient in zip(line.weights, gradients, strict=True)
        )

    assert found.slope == pytest.approx(slope(0.0), rel=0.05, abs=0.02)
    assert found.curvature == pytest.approx((slope(0.05) - slope(-0.05)) / 0.1, rel=0.05, abs=0.1)
    assert found.predicted_change == pytest.approx(found.slope + found.curvature / 2)


def test_the_divergence_is_that_of_whole_distributions(line: Line, pair: DamagedPair) -> None:
    answers = pair.right["logic"][:6]
    found = divergence(line, batched(answers), 1.0, silent)
    total, tokens = 0.0, 0
    models = [load_plain(folder).double().eval() for folder in (pair.damaged, pair.base)]
    for (batch,) in (batched([each]) for each in answers):
        after, before = (model(batch.ids).logits[0, :-1][batch.answered[0]].softmax(-1).detach() for model in models)
        each = (after * (after / before).log()).sum(dim=-1)
        total, tokens = total + float(each.sum()), tokens + len(each)
    assert found.per_completion == pytest.approx(total / len(answers), rel=1e-3)
    assert found.per_token == pytest.approx(total / tokens, rel=1e-3)
    assert found.completions == len(answers)
    assert found.per_completion > 0


def test_a_stage_that_changed_nothing(pair: DamagedPair) -> None:
    still = Line(pair.base, pair.base, "cpu")
    batches = batched(pair.right["logic"][:4])
    assert still.modules == {}
    assert divergence(still, batches, 1.0, silent).per_completion == 0.0
    assert scan(still, batches, silent).change == 0.0


def test_every_batch_ticks(line: Line, pair: DamagedPair) -> None:
    calls: list[None] = []
    mean_log_likelihood(line, batched(pair.right["logic"][:4]), lambda: calls.append(None))
    assert len(calls) == 1
