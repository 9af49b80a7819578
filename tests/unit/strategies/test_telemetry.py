"""How gradients lie to one another and to the step."""

from __future__ import annotations

import json

import pytest
import torch

from xdomain.strategies.telemetry import gradient_figures, step_figures

GRADIENTS = {
    "a": [torch.tensor([3.0, 4.0]), torch.tensor([1.0])],
    "b": [torch.tensor([3.0, 4.0]), torch.tensor([-1.0])],
    "c": [torch.zeros(2), torch.zeros(1)],
}


def test_norms_cosines_and_conflicts() -> None:
    figures = gradient_figures(GRADIENTS, {"a": 0.5, "b": 0.25, "c": 0.25}, ["w", "v"])
    assert json.loads(json.dumps(figures)) == figures
    assert figures["norm"] == pytest.approx({"a": 26**0.5 / 0.5, "b": 26**0.5 / 0.25, "c": 0.0})
    assert figures["norm_share"] == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.0})
    assert figures["cosine"]["a|b"] == pytest.approx(24 / 26)
    assert figures["cosine"]["a|c"] is None
    assert figures["conflicts"] == 0
    assert figures["conflicting_tensors"] == {"a|b": 0.5, "a|c": None, "b|c": None}
    assert figures["modules"]["v"]["a|b"] == pytest.approx(-1.0)


def test_a_step_against_a_domain_has_a_negative_alignment() -> None:
    figures = step_figures(GRADIENTS, [torch.tensor([0.0, 0.0]), torch.tensor([-2.0])])
    assert figures["distance"] == pytest.approx(2.0)
    assert figures["alignment"]["a"] == pytest.approx(1 / 26**0.5)
    assert figures["alignment"]["b"] == pytest.approx(-1 / 26**0.5)
    assert figures["alignment"]["c"] is None
