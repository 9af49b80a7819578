"""A real browser for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.chromium import open_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Any]:
    """Chromium without a window, its console and its requests logged."""
    driver = open_chromium(tmp_path_factory.mktemp("profile"))
    if driver is None:
        pytest.skip("needs selenium and Debian's chromium and chromium-driver")
    yield driver
    driver.quit()
