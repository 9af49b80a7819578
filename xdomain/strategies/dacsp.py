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
from xdomain.strategies.gradients import first_row, joint_gradient, over_shards, own_rows, whole

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
        known = self._on(own_rows(gradient[0]))
        weights = {name: places[0] for name, places in self._places.items() if name in known and len(places) == 1}
        components = self._scale_weights([(known[name], gradient[place]) for name, place in weights.items()])
        for name in [name for name in known if name not in weights]:
            places = self._places[name]
            factors = [step.parameters[place].detach() for place in places]
            components.append(self._scale_adapter(known[name], [gradient[place] for place in places], factors))
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

    def _scale_weights(self, weights: Sequence[tuple[Directions, Tensor]]) -> list[Tensor]:
        """Scale the components of each weight's gradient in place, and return c_r of each weight from before.

        Under sharding each process uses its rows of the gradient and the same columns of u.
        """
        if not weights:
            return []
        own = []
        for known, gradient in weights:
            rows, first = own_rows(gradient), first_row(gradient)
            own.append((Directions(known.left[:, first : first + len(rows)], known.right), rows))
        parts = [((known.left @ rows.to(known.left)) * known.right).sum(dim=1) for known, rows in own]
        sums = over_shards(torch.cat(parts), [gradient for _, gradient in weights])
        components = list(torch.split(sums, [len(part) for part in parts]))
        for (known, rows), component in zip(own, components, strict=True):
            rows.add_(known.left.T @ ((self._factors(component) * component).unsqueeze(1) * known.right))
        return components

    def _scale_adapter(self, known: Directions, gradients: Sequence[Tensor], factors: Sequence[Tensor]) -> Tensor:
        """Scale the components of an adapter's gradients (A, B) in place, and return c_r from before.

        Under sharding the two factors and their gradients are gathered, one adapter at a time.
        """
        u, v = known.left, known.right
        gathered = [whole(each) for each in gradients]
        gradient_a, gradient_b, a, b = (each.to(u) for each in (*gathered, *map(whole, factors)))
        right, left = v @ a.T, u @ b  # A v_r and B^T u_r as rows
        through_b, through_a = ((u @ gradient_b) * right).sum(dim=1), ((left @ gradient_a) * v).sum(dim=1)
        component = through_a + through_b
        scales = self._factors(component)
        changes = (
            (_over_square(scales * through_a, left) * left).T @ v,
            u.T @ (_over_square(scales * through_b, right) * right),
        )
        for gradient, change in zip(gradients, changes, strict=True):
            rows, first = own_rows(gradient), first_row(gradient)
            rows.add_(change[first : first + len(rows)])
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
