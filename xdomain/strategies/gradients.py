"""Arithmetic on gradients that are lists of tensors.

Sums are float64. Products have at least the gradients' precision and range. Under sharding a gradient's tensors are
DTensors, of which each process holds some rows. Sums and multiples need no communication. An inner product is summed
over a process's own rows, and then over the processes (`over_shards`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from xdomain.strategies.base import DomainStep, Gradient

LEAST_SQUARE = 1e-20
"""Least sum of squares in float32 that is trusted. A smaller one may have lost terms to underflow."""


def gramian(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the inner products of K gradients, float64, shape (K, K)."""
    return tensor_gramians(gradients).sum(dim=0)


def tensor_gramians(gradients: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the inner products of K gradients within each tensor, float64 on the CPU, shape (n tensors, K, K)."""
    found = over_shards(_own_gramians(gradients), gradients[0])
    squares = found.diagonal(dim1=-2, dim2=-1)
    doubtful = (~squares.isfinite() | (squares < LEAST_SQUARE)).nonzero()
    if len(doubtful):
        there = [float(own_rows(gradients[domain][place]).any()) for place, domain in doubtful.tolist()]
        not_zero = over_shards(torch.tensor(there), gradients[0]) > 0
        lost = sorted(set(doubtful[not_zero, 0].tolist()))  # squares that left float32's range
        if lost:
            again = [[each[place] for place in lost] for each in gradients]
            found[lost] = over_shards(_own_gramians(again, torch.float64), gradients[0])
    return found


def over_shards(sums: Tensor, gradient: Sequence[Tensor]) -> Tensor:
    """Add up what each process computed from its own rows; unchanged if the gradient is not sharded.

    Every product of gradients must pass through here. All processes must call it, with sums of the same shape.

    Args:
        sums: Sums over this process's rows.
        gradient: The gradient that they were computed from. All of its tensors are sharded, or none is.

    Returns:
        The sums over all rows, equal in all processes.
    """
    some = gradient[0]
    if not isinstance(some, DTensor):
        return sums
    mesh = some.device_mesh
    total = sums.to(mesh.device_type, copy=True)
    torch.distributed.all_reduce(total, group=mesh.get_group())
    return total.to(sums.device)


def own_rows(tensor: Tensor) -> Tensor:
    """Return the rows of a sharded tensor that this process holds, sharing its memory; a plain tensor unchanged."""
    if not isinstance(tensor, DTensor):
        return tensor
    own: Tensor = tensor.detach().to_local()  # type: ignore[attr-defined]
    return own


def whole(tensor: Tensor) -> Tensor:
    """Return a sharded tensor with the rows of all processes; a plain tensor unchanged."""
    if not isinstance(tensor, DTensor):
        return tensor
    full: Tensor = tensor.detach().full_tensor()  # type: ignore[attr-defined]
    return full


def first_row(tensor: Tensor) -> int:
    """Return the index of the first row that this process holds: 0, unless the tensor is sharded."""
    if not isinstance(tensor, DTensor):
        return 0
    rows_each = -(-len(tensor) // tensor.device_mesh.size())
    return min(rows_each * tensor.device_mesh.get_local_rank(), len(tensor))


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


def _own_gramians(gradients: Sequence[Sequence[Tensor]], dtype: torch.dtype | None = None) -> Tensor:
    """Inner products over the rows that this process holds, computed in `dtype`, by default the gradients' own."""
    count, tensors = len(gradients), len(gradients[0])
    found = torch.empty(tensors, count, count, dtype=torch.float64)
    for i in range(count):
        for j in range(i, count):
            pairs = zip(gradients[i], gradients[j], strict=True)
            products = torch.stack([torch.dot(_flat(a, dtype), _flat(b, dtype)) for a, b in pairs])
            found[:, i, j] = found[:, j, i] = products.double().cpu()
    return found


def _flat(tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    """Return the gradient as a vector in `dtype`; by default in its own, in float32 if its precision is lower."""
    vector = own_rows(tensor).flatten()
    if dtype is None and vector.dtype in (torch.bfloat16, torch.float16):
        dtype = torch.float32
    return vector if dtype is None else vector.to(dtype)
