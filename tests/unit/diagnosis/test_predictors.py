"""Numbers that predictors read from weights, on a tiny model that one stage damages."""

from __future__ import annotations

import pytest
import torch

from tests.support.damaged_pair import DamagedPair, batched
from xdomain.diagnosis.inputs import DomainAnswers
from xdomain.diagnosis.predictors import measure_predictors
from xdomain.diagnosis.probe import gradient_of
from xdomain.models.checkpoint import load_plain


def answers(pair: DamagedPair, most: int = 12) -> list[DomainAnswers]:
    return [
        DomainAnswers(name, 0.5, 0.5, tuple(right[:most]), tuple(right[:12]), 1.0) for name, right in pair.right.items()
    ]


def test_first_order_transfer_is_the_slope_along_the_change(pair: DamagedPair) -> None:
    """The inner product of gradient and change, computed on the whole model, averaged over two seeds."""
    found = measure_predictors(
        pair.base, answers(pair), {"puzzle": [pair.damaged, pair.base]}, first_order=True, similarity=False
    )
    model = load_plain(pair.base).eval()
    halves = [gradient_of(model, batched(pair.right["logic"][:12][part::2])) for part in (0, 1)]
    ends = load_plain(pair.damaged).parameters()
    slope = sum(
        float(((one + two) / 2 * (end.detach() - start.detach())).sum())
        for one, two, end, start in zip(*halves, ends, model.parameters(), strict=True)
    )
    assert found.first_order == {("puzzle", "logic"): pytest.approx(slope / 2, rel=1e-3)}
    assert set(found.reliability) == {"logic", "puzzle"}
    assert found.similarity == {}


def test_prompts_are_as_similar_as_their_mean_hidden_states(pair: DamagedPair) -> None:
    found = measure_predictors(pair.base, answers(pair), {}, first_order=False, similarity=True)
    model = load_plain(pair.base).eval()
    means = []
    for right in pair.right.values():
        states = []
        for batch in (batched([each])[0] for each in right[:12]):
            first = int(batch.answered[0].nonzero()[0, 0]) + 1
            with torch.no_grad():
                states.append(model(batch.ids[:, :first], output_hidden_states=True).hidden_states[-1][0].mean(dim=0))
        means.append(torch.stack(states).mean(dim=0))
    cosine = float(torch.cosine_similarity(*means, dim=0))
    assert found.similarity == {
        ("logic", "puzzle"): pytest.approx(cosine, abs=1e-5), ("puzzle", "logic"): pytest.approx(cosine, abs=1e-5)
    }  # fmt: skip
    assert found.first_order == {}


def test_a_domain_without_two_right_completions_is_left_out(pair: DamagedPair) -> None:
    few = [each if each.domain == "puzzle" else DomainAnswers("logic", 0, 0, (), (), 1.0) for each in answers(pair)]
    found = measure_predictors(
        pair.base, few, {"logic": [pair.damaged], "puzzle": [pair.damaged]}, first_order=True, similarity=False
    )
    assert found.first_order.keys() == {("logic", "puzzle")}
    assert found.reliability.keys() == {"puzzle"}
