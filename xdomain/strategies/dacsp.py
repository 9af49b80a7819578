"""dacsp: amplify the part of a step that agrees with earlier phases' weight changes, and suppress the part against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xdomain.config.strategy import DACSPConfig
from xdomain.core.seeds import derive_seed
from xdomain.strategies.base import DomainStep, Strategy
from xdomain.strategies.gradients import joint_gradient

OVERSAMPLING = 8
POWER_ITERATIONS = 4
LEAST_SINGULAR_VALUE = 1e-6
"""Least singular value of a direction, relative to the whole change. Below it a direction is rounding noise."""
ADAPTER_PREFIX, FACTOR_A, FACTOR_B = "base_model.model.", ".lora_A.", ".lora_B."
"""Parts of the names that peft gives to the modules it wraps."""


@dataclass(frozen=True)
class Directions:
    """Orthonormal directions u_r v_r^T of one weight.

    Attributes:
        left: u_r as rows, (directions, rows of the weight).
        right: v_r as rows, (directions, columns of the weight).
    """

    left: Tensor
    right: Tensor


class DACSP(Strategy):
    """A strategy that scales the joint gradient along directions of earlier phases.

    For each 2-D weight with earlier directions u_r v_r^T: c_r = u_r^T G v_r; the step's component along u_r v_r^T is
    aligned if -c_r > 0 and conflicting if -c_r < 0; G' = G + sum_r f_r c_r u_r v_r^T, f_r = amplify or -suppress.

    The directions are the leading singular pairs of each earlier phase's weight change, after the spaces of the phases
    before it were projected out. So all directions are orthonormal, and each component is scaled exactly. Components
    that are orthogonal to them do not change, and in a first phase nothing does.

    An adapter W = W_0 + s B A moves by s (dB A + B dA) to first order, so c_r = u_r^T (G_B A + B G_A) v_r up to s. G_B
    and G_A get the smallest changes that scale each c_r exactly: along u_r (A v_r)^T and (B^T u_r) v_r^T.

    Source: inspired by DACSP in CARE-RL (2606.00609), which describes the method in words: directions of previous
    stages, aligned components amplified, conflicting ones suppressed, orthogonal ones kept. Ours: the equations and the
    defaults. Also ours: the subspace is computed from the earlier stages' published weights when a phase begins, so a
    phase trained by joint counts as history too. An adaptive optimizer afterwards distorts the scaling.
    """

    def __init__(self, config: DACSPConfig, domains: Sequence[str], seed: int) -> None:
        super().__init__(config, domains, seed)
        self._config = config
        self._places: dict[str, tuple[int, ...]] = {}
        self._known: dict[str, Directions] = {}
        """Directions of earlier phases, by weight name."""

    def prepare(self, names: Sequence[str], history: Iterable[Mapping[str, Tensor]]) -> None:
        self._places = weight_places(names)
        for change in history:
            for name in self._places:
                if name in change and change[name].ndim == 2:
                    self._learn(name, change[name].float())

    def step(self, step: DomainStep) -> Mapping[str, Any]:
        gradient = joint_gradient(step)
        components = [
            self._scale(directions, [gradient[place] for place in self._places[name]],
                        [step.parameters[place].detach() for place in self._places[name]])
            for name, directions in self._on(gradient[0]).items()
        ]  # fmt: skip
        step.set_gradient(gradient)
        signs = torch.cat(components).sign() if components else torch.zeros(1)
        return {
            "aligned_directions": int((signs < 0).sum()),
            "conflicting_directions": int((signs > 0).sum()),
        }

    def state(self) -> dict[str, Tensor]:
        return {
            f"{side}.{name}": getattr(directions, side).cpu().clone()
            for name, directions in self._known.items()
            for side in ("left", "right")
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        names = [key.removeprefix("left.") for key in state if key.startswith("left.")]
        self._known = {
            name: Directions(state[f"left.{name}"].clone(), state[f"right.{name}"].clone()) for name in names
        }

    def _scale(self, known: Directions, gradients: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
        """Scale the components in place, and return c_r from before."""
        u, v = known.left, known.right
        if len(gradients) == 1:
            component = ((u @ gradients[0].to(u)) * v).sum(dim=1)
            gradients[0].add_(u.T @ ((self._factors(component) * component).unsqueeze(1) * v))
            return component
        gradient_a, gradient_b, a, b = (each.to(u) for each in (*gradients, *weights))
        right, left = v @ a.T, u @ b  # A v_r and B^T u_r as rows
        through_b, through_a = ((u @ gradient_b) * right).sum(dim=1), ((left @ gradient_a) * v).sum(dim=1)
        component = through_a + through_b
        factors = self._factors(component)
        gradients[0].add_((_over_square(factors * through_a, left) * left).T @ v)
        gradients[1].add_(u.T @ (_over_square(factors * through_b, right) * right))
        return component

    def _factors(self, component: Tensor) -> Tensor:
        return torch.where(component < 0, self._config.amplify, -self._config.suppress).to(component)

    def _on(self, gradient: Tensor) -> dict[str, Directions]:
        """Return the directions on the gradients' device, in the gradients' precision but at least float32.

        They are moved once and kept.
        """
        dtype = torch.promote_types(gradient.dtype, torch.float32)
        for name, known in self._known.items():
            if known.left.device != gradient.device or known.left.dtype != dtype:
                self._known[name] = Directions(*(each.to(gradient.device, dtype) for each in (known.left, known.right)))
        return self._known

    def _learn(self, name: str, change: Tensor) -> None:
        """Add the leading directions of one phase's change to one weight."""
        known, scale = self._known.get(name), float(change.norm())
        if known is not None:
            change = change - known.left.T @ (known.left @ change)
            change = change - (change @ known.right.T) @ known.right
        count = min(self._config.rank + OVERSAMPLING, *change.shape)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(derive_seed("dacsp", name))
            u, values, v = torch.svd_lowrank(change, q=count, niter=POWER_ITERATIONS)
        kept = int((values[: self._config.rank] > LEAST_SINGULAR_VALUE * scale).sum())
        if kept:
            left, right = u[:, :kept].T, v[:, :kept].T
            if known is not None:
                left, right = torch.cat([known.left, left]), torch.cat([known.right, right])
            self._known[name] = Directions(left.contiguous(), right.contiguous())


def weight_places(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Map each trained weight to its index among the trainable parameters, or to those of its factors A and B."""
    found: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(names):
        if FACTOR_A in name:
            partner = name.replace(FACTOR_A, FACTOR_B)
            weight = name.split(FACTOR_A)[0].removeprefix(ADAPTER_PREFIX) + ".weight"
            found[weight] = (place, names.index(partner))
        elif FACTOR_B not in name:
            found[name] = (place,)
    return found


def _over_square(values: Tensor, rows: Tensor) -> Tensor:
    """Return each value divided by its row's squared norm, as a column; 0 for a row of zeros."""
    squares = rows.square().sum(dim=1)
    return torch.where(squares > 0, values / squares, 0.0).unsqueeze(1)
