"""The names of numpy that tests of programs use, compared with numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xdomain.domains.sandbox import numpy_names


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1.0, 1.0 + 1e-9),
        (1.0, 1.1),
        ([1, 2], [1, 2.0000001]),
        ([1, 2], 1),
        (float("inf"), float("inf")),
        (float("inf"), 1e300),
        (float("nan"), float("nan")),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]]),
        ([], []),
    ],
)
def test_allclose_is_numpys(a: Any, b: Any) -> None:
    assert numpy_names.allclose(a, b) == np.allclose(a, b)
    assert numpy_names.allclose(a, b, equal_nan=True) == np.allclose(a, b, equal_nan=True)


def test_what_is_no_number_or_not_offered() -> None:
    with pytest.raises(TypeError):
        numpy_names.allclose("1", 1)
    with pytest.raises(ValueError, match="zip"):
        numpy_names.allclose([1, 2], [1])
    with pytest.raises(ImportError, match=r"numpy\.array"):
        numpy_names.array  # noqa: B018
    assert not isinstance([1], numpy_names.ndarray)
