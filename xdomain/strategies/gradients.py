"""Arithmetic on gradients that are lists of tensors. Sums are float64, products keep the gradients' precision or
better, and their range."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xdomain.strategies.base import DomainStep, Gradient

LEAST_SQUARE = 1e-20
"""Below it a float32 sum of squares may have lost terms to underflow."""


def tensor_dots(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """Inner product of each pair of tensors, float64, shape (n tensors,)."""
    products = [torch.dot(_flat(a), _flat(b)) for a, b in zip(first, second, strict=True)]
    return torch.stack(products).double()


def gramian(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Inner products of K gradients, float64, shape (K, K)."""
    return tensor_gramians(gradients).sum(dim=0)


def tensor_gramians(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Inner products of K gradients inside each tensor, float64 on the CPU, shape (n tensors, K, K)."""
    found = _tensor_gramians(gradients)
    squares = found.diagonal(dim1=-2, dim2=-1)
    for place, domain in (~squares.isfinite() | (squares < LEAST_SQUARE)).nonzero().tolist():
        if gradients[domain][place].any():  # a square that left float32's range, and not a zero
            found[place] = _tensor_gramians([[each[place].double()] for each in gradients])[0]
    return found


def cosines(products: Tensor) -> Tensor:
    """Return cosines from a Gramian (..., K, K); NaN for a gradient that is 0."""
    norms = products.diagonal(dim1=-2, dim2=-1).clamp(min=0).sqrt()
    return products / (norms.unsqueeze(-1) * norms.unsqueeze(-2))


def combine(gradients: Sequence[Sequence[Tensor]], weights: Sequence[float]) -> Gradient:
    """The sum of weight times gradient, in the first one's place, so that no further copy is held."""
    first, *others = gradients
    for place, total in enumerate(first):
        total.mul_(weights[0])
        for gradient, weight in zip(others, weights[1:], strict=True):
            total.add_(gradient[place], alpha=weight)
    return list(first)


def accumulate(total: Gradient, gradient: Sequence[Tensor], weight: float) -> Gradient:
    """`total`, changed in place, plus weight times gradient; begin with []."""
    if not total:
        return [tensor * weight for tensor in gradient]
    for place, tensor in zip(total, gradient, strict=True):
        place.add_(tensor, alpha=weight)
    return total


def joint_gradient(step: DomainStep) -> Gradient:
    """The sum of the domains' parts, sum_k share_k g_k."""
    total = step.loss_and_gradient(step.domains[0]).gradient
    for domain in step.domains[1:]:
        total = accumulate(total, step.loss_and_gradient(domain).gradient, 1.0)
    return total


def _tensor_gramians(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    count = len(gradients)
    found = torch.empty(len(gradients[0]), count, count, dtype=torch.float64)
    for i in range(count):
        for j in range(i, count):
            found[:, i, j] = found[:, j, i] = tensor_dots(gradients[i], gradients[j]).cpu()
    return found


def _flat(tensor: Tensor) -> Tensor:
    """Return the gradient as a vector, in float32 if its precision is lower."""
    vector = tensor.flatten()
    return vector.float() if vector.dtype in (torch.bfloat16, torch.float16) else vector
