"""Gradients of domains at a checkpoint, their reliability and their cosines."""

from __future__ import annotations

import math

import pytest
import torch

from tests.support.damaged_pair import DamagedPair, batched
from xdomain.core.errors import ConfigError
from xdomain.diagnosis.inputs import DomainAnswers
from xdomain.diagnosis.probe import compare_gradients, gradient_of, run_probe
from xdomain.models.checkpoint import load_plain


def test_the_gradient_is_that_of_the_mean_log_likelihood(pair: DamagedPair) -> None:
    answers = pair.right["logic"][:6]
    model = load_plain(pair.base).eval()
    found = gradient_of(model, batched(answers))
    index, name = next(
        (index, name) for index, (name, _) in enumerate(model.named_parameters()) if "layers.1.mlp.up" in name
    )
    weight = dict(model.named_parameters())[name]
    direction = found[index] / found[index].norm()

    def value(step: float) -> float:
        with torch.no_grad():
            weight.add_(step * direction)
            mean = sum(float(batched([each])[0].log_likelihoods(model)) for each in answers) / len(answers)
            weight.sub_(step * direction)
        return mean

    assert float(found[index].norm()) == pytest.approx((value(0.01) - value(-0.01)) / 0.02, rel=0.02)


def test_reliability_and_cosine_of_planted_gradients() -> None:
    """Signal plus noise of known size: the cosine without noise recovers that of the signals."""
    generator = torch.Generator().manual_seed(0)

    def noise() -> torch.Tensor:
        return torch.randn(40_000, generator=generator)

    common, own = noise(), noise()
    signals = {"a": common, "b": 0.6 * common + 0.8 * own}
    halves = {name: ([signal + noise()], [signal + noise()]) for name, signal in signals.items()}
    found = compare_gradients("here", halves, {"a": 10, "b": 10})
    for each in found.gradients:
        assert each.reliability == pytest.approx(2 / 3, abs=0.02)  # noise of the mean has half its variance
        assert each.norm == pytest.approx(math.sqrt(40_000 * 1.5), rel=0.02)
    (cosine,) = found.cosines
    assert cosine.cosine == pytest.approx(0.6 * 2 / 3, abs=0.02)
    assert cosine.without_noise == pytest.approx(0.6, abs=0.03)


def test_halves_that_disagree_have_no_reliability() -> None:
    one, other = [torch.tensor([1.0, 0.0])], [torch.tensor([-1.0, 0.1])]
    found = compare_gradients("here", {"a": (one, other), "b": (one, one)}, {"a": 2, "b": 2})
    assert [each.reliability for each in found.gradients] == [0.0, pytest.approx(1.0)]
    assert found.cosines[0].without_noise is None


def test_a_probe_of_a_checkpoint(pair: DamagedPair) -> None:
    answers = [DomainAnswers(name, 0.5, None, tuple(right[:12]), (), 1.0) for name, right in pair.right.items()]
    calls = []
    found = run_probe("base", pair.base, answers, lambda *each: calls.append(each))
    assert [(each.domain, each.completions) for each in found.gradients] == [("logic", 12), ("puzzle", 12)]
    assert all(0 <= each.reliability <= 1 for each in found.gradients)
    assert [(each.first, each.second) for each in found.cosines] == [("logic", "puzzle")]
    assert calls[-1] == ("gradients", 2, 2)


def test_a_single_completion_is_refused(pair: DamagedPair) -> None:
    answers = [DomainAnswers("logic", 0.5, None, tuple(pair.right["logic"][:1]), (), 1.0)]
    with pytest.raises(ConfigError, match="logic: has only one right completion of base"):
        run_probe("base", pair.base, answers, lambda *each: None)
