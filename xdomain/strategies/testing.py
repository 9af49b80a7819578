"""A domain step over plain functions, and a check of the laws that every strategy keeps.

Both serve the tests of xdomain and of plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from xdomain.strategies import inner_steps
from xdomain.strategies.base import DomainPart, Strategy

Loss = Callable[[Sequence[Tensor]], Tensor]


class FunctionStep:
    """`DomainStep` whose losses are functions of the parameters.

    Args:
        parameters: Trained parameters.
        losses: Function that computes the mean loss from the parameters, by domain.
        shares: Share of each domain in the step's loss.
        learning_rate: Learning rate of plain SGD, used if no optimizer is given.
        optimizer: Torch optimizer on `parameters`. Its state is kept from step to step.
        max_grad_norm: Norm to which gradients are clipped before every move; None clips nothing.
    """

    def __init__(
        self,
        parameters: Sequence[torch.nn.Parameter],
        losses: Mapping[str, Loss],
        shares: Mapping[str, float],
        *,
        learning_rate: float = 1.0,
        optimizer: torch.optim.Optimizer | None = None,
        max_grad_norm: float | None = None,
        number: int = 0,
        error_rates: Mapping[str, float] | None = None,
    ) -> None:
        self.parameters = parameters
        self.domains = tuple(sorted(losses))
        self.number = number
        self.fresh_rollout = True
        self.error_rates = error_rates or dict.fromkeys(self.domains, 0.5)
        self.asked: list[str] = []
        self._losses = losses
        self._shares = shares
        self._optimizer = optimizer or torch.optim.SGD(list(parameters), lr=learning_rate)
        self._max_grad_norm = max_grad_norm
        self._decayed = False

    def loss_and_gradient(self, domain: str) -> DomainPart:
        self.asked.append(domain)
        share = self._shares[domain]
        loss = share * self._losses[domain](self.parameters)
        gradient = torch.autograd.grad(loss, list(self.parameters), allow_unused=True, materialize_grads=True)
        return DomainPart(float(loss.detach()), list(gradient), share)

    def set_gradient(self, gradient: Sequence[Tensor]) -> None:
        for parameter, tensor in zip(self.parameters, gradient, strict=True):
            parameter.grad = tensor

    def optimizer_step(self, scale: float = 1.0) -> None:
        self._clip()
        inner_steps.optimizer_step(self._optimizer, scale=scale, decay=not self._decayed)
        self._decayed = True
        self._optimizer.zero_grad()

    def look_ahead(self) -> None:
        self._clip()
        inner_steps.look_ahead(self._optimizer)
        self._optimizer.zero_grad()

    def _clip(self) -> None:
        if self._max_grad_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, self._max_grad_norm)


def displacement(strategy: Strategy, step: FunctionStep) -> list[Tensor]:
    """Return the change that one step of `strategy` makes to the parameters, including the outer optimizer step."""
    before = [parameter.detach().clone() for parameter in step.parameters]
    strategy.step(step)
    step.optimizer_step()
    return [parameter.detach() - origin for parameter, origin in zip(step.parameters, before, strict=True)]


def step_of_gradients(
    gradients: Mapping[str, Sequence[Tensor]], number: int = 0, error_rates: Mapping[str, float] | None = None
) -> FunctionStep:
    """Return a step from the origin whose domains have the given constant gradients and equal shares."""
    some = next(iter(gradients.values()))
    parameters = [torch.nn.Parameter(torch.zeros_like(tensor)) for tensor in some]

    def linear(gradient: Sequence[Tensor]) -> Loss:
        return lambda at: torch.stack([(g * p).sum() for g, p in zip(gradient, at, strict=True)]).sum()

    losses = {name: linear(gradient) for name, gradient in gradients.items()}
    shares = dict.fromkeys(losses, 1 / len(losses))
    return FunctionStep(parameters, losses, shares, number=number, error_rates=error_rates)


def check_strategy(make: Callable[[Sequence[str]], Strategy]) -> None:
    """Check the laws of a strategy that `make` builds for given domains.

    The step is finite on zero, tiny, huge, collinear and opposite gradients. A domain that is missing from a step is no
    error. A new strategy with the first one's state makes the same step as the first one. No global generator changes.

    Raises:
        AssertionError: The strategy breaks a law, which the message names.
    """
    names = ("a", "b", "c")
    base = [torch.tensor([[1.0, -2.0], [0.5, 0.0]]), torch.tensor([3.0])]
    for label, factors in {
        "zero": (0.0, 0.0, 0.0),
        "one zero": (1.0, 0.0, 1.0),
        "tiny": (1e-20, 2e-20, 1e-20),
        "huge": (1e20, 1e20, 2e20),
        "tiny and huge": (1e-20, 1.0, -1e20),
        "collinear": (1.0, 2.0, 3.0),
        "opposite": (1.0, -1.0, 1.0),
        "cancelling": (1.0, -2.0, 1.0),
    }.items():
        gradients = {name: [tensor * factor for tensor in base] for name, factor in zip(names, factors, strict=True)}
        moved = displacement(make(names), step_of_gradients(gradients))
        assert all(bool(torch.isfinite(tensor).all()) for tensor in moved), f"not finite on {label} gradients"
    generator = torch.Generator().manual_seed(0)
    random = {name: [torch.randn(tensor.shape, generator=generator) for tensor in base] for name in names}
    two = {name: random[name] for name in names[:2]}
    assert all(bool(torch.isfinite(each).all()) for each in displacement(make(names), step_of_gradients(two))), (
        "not finite if a domain is missing"
    )
    first, second = make(names), make(names)
    before = torch.get_rng_state()
    displacement(first, step_of_gradients(random, error_rates={"a": 0.9, "b": 0.5, "c": 0.2}))
    assert torch.equal(before, torch.get_rng_state()), "the global generator changed"
    second.load_state(first.state())
    rates = {"a": 0.8, "b": 0.5, "c": 0.3}
    one, other = (displacement(each, step_of_gradients(random, 1, rates)) for each in (first, second))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True)), (
        "`state` leaves out something that a step depends on"
    )
