"""Names of backends, and what each can be told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from xdomain.config.backend import (
    BACKENDS,
    KEEPS_ENGINE,
    REPEATS_SAMPLES,
    EndpointModel,
    VllmConfig,
    backend_parameters,
    backend_version,
)


def test_backends_of_this_package_take_no_free_parameters() -> None:
    assert backend_parameters("transformers", {}) == {}
    with pytest.raises(ValueError, match='"transformers" is not one'):
        backend_parameters("transformers", {"x": 1})
    assert {backend_version(name) for name in BACKENDS.builtin} == {1}
    assert set(BACKENDS.builtin) >= KEEPS_ENGINE | REPEATS_SAMPLES


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://h/v1", ""])
def test_an_endpoint_is_reached_by_http(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        EndpointModel(base_url=url, model="m")


def test_an_engine_takes_a_part_of_the_memory() -> None:
    with pytest.raises(ValidationError, match="gpu_memory_utilization"):
        VllmConfig(gpu_memory_utilization=1.5)
