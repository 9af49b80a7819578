"""Arithmetic on gradients that are lists of tensors.

Sums are float64. Products have at least the gradients' precision and range.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xdomain.strategies.base import DomainStep, Gradient

LEAST_SQUARE = 1e-20
"""Least sum of squares in float32 that is trusted. A smaller one may have lost terms to underflow."""


def tensor_dots(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """Return the inner product of each pair of tensors, float64, shape (n tensors,)."""
    products = [torch.dot(_flat(a), _flat(b)) for a, b in zip(first, second, strict=True)]
    return torch.stack(products).double()


def gramian(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the inner products of K gradients, float64, shape (K, K)."""
    return tensor_gramians(gradients).sum(dim=0)


def tensor_gramians(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the inner products of K gradients within each tensor, float64 on the CPU, shape (n tensors, K, K)."""
    found = _tensor_gramians(gradients)
    squares = found.diagonal(dim1=-2, dim2=-1)
    for place, domain in (~squares.isfinite() | (squares < LEAST_SQUARE)).nonzero().tolist():
        if gradients[domain][place].any():  # not zero: its square left float32's range
            found[place] = _tensor_gramians([[each[place].double()] for each in gradients])[0]
    return found


def cosines(products: Tensor) -> Tensor:
    """Return cosines from a Gramian (..., K, K); NaN for a gradient that is 0."""
    norms = products.diagonal(dim1=-2, dim2=-1).clamp(min=0).sqrt()
    return products / (norms.unsqueeze(-1) * norms.unsqueeze(-2))


def combine(gradients: Sequence[Sequence[Tensor]], weights: Sequence[float]) -> Gradient:
    """Return the sum of weight times gradient. It overwrites the first gradient, to save a copy."""
    first, *others = gradients
    for place, total in enumerate(first):
        total.mul_(weights[0])
        for gradient, weight in zip(others, weights[1:], strict=True):
            total.add_(gradient[place], alpha=weight)
    return list(first)


def accumulate(total: Gradient, gradient: Sequence[Tensor], weight: float) -> Gradient:
    """Add weight times gradient to `total` in place and return it. Begin with []."""
    if not total:
        return [tensor * weight for tensor in gradient]
    for place, tensor in zip(total, gradient, strict=True):
        place.add_(tensor, alpha=weight)
    return total


def joint_gradient(step: DomainStep) -> Gradient:
    """Return the sum of the domains' parts, sum_k share_k g_k."""
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
