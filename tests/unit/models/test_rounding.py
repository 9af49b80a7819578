"""How finely a model's numbers are computed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from xdomain.models.rounding import rounds_as


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float32])
def test_a_type_rounds_as_itself(dtype: torch.dtype) -> None:
    assert rounds_as(dtype) is dtype


@pytest.fixture
def tf32() -> Iterator[None]:
    matmul = torch.backends.cuda.matmul
    before, matmul.fp32_precision = matmul.fp32_precision, "tf32"
    yield
    matmul.fp32_precision = before


@pytest.mark.usefixtures("tf32")
def test_float32_under_tf32_rounds_as_float16() -> None:
    assert rounds_as(torch.float32) is torch.float16
    assert rounds_as(torch.bfloat16) is torch.bfloat16
