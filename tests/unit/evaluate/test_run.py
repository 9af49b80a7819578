"""Which evaluations a broken checkpoint fails; tests/integration runs whole ones."""

from __future__ import annotations

from xdomain.evaluate.run import advised
from xdomain.generation.base import NonFiniteLogits


def test_advice_depends_on_who_made_the_weights() -> None:
    error = NonFiniteLogits("the model's logits are not finite.")
    assert advised(error, trained=True).fix == "Its training diverged: lower the learning rate."
    assert advised(error, trained=False).fix == "Get the model's files again."
    known = NonFiniteLogits("overflow.", fix="Evaluate it in float32.")
    assert advised(known, trained=True) is known
