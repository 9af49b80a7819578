"""Precision in which a model computes, for comparisons that allow rounding."""

from __future__ import annotations

import torch


def rounds_as(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype whose rounding errors computations in `dtype` have.

    This is `dtype` itself, except for float32 under TF32 (`training.grpo.tf32`): a GPU then multiplies with the 11
    significant bits of float16.
    """
    if dtype is not torch.float32:
        return dtype
    backends = torch.backends
    if hasattr(backends, "fp32_precision"):  # from torch 2.9 on; once this is set, reading the older flag raises
        tf32 = "tf32" in (backends.fp32_precision, backends.cuda.matmul.fp32_precision)
    else:
        tf32 = backends.cuda.matmul.allow_tf32
    return torch.float16 if tf32 else dtype
