"""The interface between strategies and the trainer: one optimizer step, divided by domain.

A strategy asks for each domain's part of the step's loss and gradient. It then either leaves a gradient, which the
trainer clips and applies as usual, or moves the parameters itself by smaller optimizer steps and leaves no gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from xdomain.core.errors import StageError

Gradient = list[Tensor]
"""One tensor per trainable parameter, in the order of `DomainStep.parameters`."""


@dataclass(frozen=True)
class DomainPart:
    """One domain's part of a step's loss, at the parameters that the model had when it was requested.

    Attributes:
        loss: The domain's mean loss times `share`; the parts of all domains add up to the step's loss.
        gradient: Gradient of `loss`.
        share: The domain's share of the tokens (dapo, cispo, bnpo) or samples (grpo, dr_grpo, luspo) that the loss
            averages over; above 0.
    """

    loss: float
    gradient: Gradient
    share: float

    def mean_gradient(self) -> Gradient:
        """Return the gradient of the domain's mean loss: g_k in docs/reference/papers.md."""
        return [tensor / self.share for tensor in self.gradient] if self.share != 1.0 else self.gradient


class DomainStep(Protocol):
    """One optimizer step, divided by domain. With several processes, every value is already averaged over them."""

    @property
    def number(self) -> int:
        """Return the index of the optimizer step in its stage, from 0."""

    @property
    def fresh_rollout(self) -> bool:
        """Return whether this is the first step on its rollout."""

    @property
    def domains(self) -> Sequence[str]:
        """Return the sorted names of the domains that have samples in this step.

        There is at least one, but domains of the phase may be missing.
        """

    @property
    def error_rates(self) -> Mapping[str, float]:
        """Return the share of scored samples that are not right, in [0, 1], for each domain with scored samples."""

    @property
    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """Return the trainable parameters."""

    def loss_and_gradient(self, domain: str) -> DomainPart:
        """Compute the domain's part at the current parameters.

        After the first `optimizer_step` or `look_ahead`, request only domains that you have not requested yet. Their
        importance ratios are taken against the policy at the step's start.
        """

    def set_gradient(self, gradient: Sequence[Tensor]) -> None:
        """Leave `gradient` for the next optimizer step, the trainer's or `optimizer_step`."""

    def optimizer_step(self, scale: float = 1.0) -> None:
        """Clip the gradient that was set and apply it with `scale` times the current learning rate, then drop it.

        Only the first of several such steps applies weight decay, so that it counts once per outer step.
        """

    def look_ahead(self) -> None:
        """Clip the gradient that was set, move the parameters by it as Adam scales it, without momentum, and drop it.

        The optimizer's state does not change (`inner_steps.look_ahead`). The optimizer must be torch's Adam or AdamW.
        """


class Strategy(ABC):
    """A training method for mixed phases.

    Args:
        config: Parameters of the method.
        domains: Domain names of the phase, sorted.
        seed: Seed from which the method's random choices derive.
    """

    stock_step: ClassVar[bool] = False
    """Whether this strategy equals the trainer's own step, so that the step need not be divided by domain."""

    def __init__(self, config: Any, domains: Sequence[str], seed: int) -> None:
        self.domains = tuple(domains)
        self.seed = seed

    def prepare(self, names: Sequence[str], history: Iterable[Mapping[str, Tensor]]) -> None:  # noqa: B027
        """Read the changes of earlier phases before the first step. Most strategies do not use them.

        Args:
            names: Names of the trainable parameters, in the order of `DomainStep.parameters`.
            history: Change that each earlier phase made to each parameter, first phase first.
        """

    @abstractmethod
    def step(self, step: DomainStep) -> Mapping[str, Any]:
        """Set a gradient or move the parameters, and return plain JSON figures for the step's line of metrics."""

    def state(self) -> dict[str, Tensor]:
        """Return the state that the next step depends on, without the parameters. Every checkpoint stores it."""
        return {}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore the state that `state` returned.

        Raises:
            StageError: The checkpoint holds state, but this strategy keeps none.
        """
        if state:
            raise StageError(
                f"{type(self).__name__} keeps no state, but a checkpoint holds {', '.join(sorted(state))}."
            )
