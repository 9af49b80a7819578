"""Options that several commands share."""

from __future__ import annotations

import pytest

from xdomain.cli.options import parse_seeds
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(("text", "seeds"), [(None, None), ("3", [3]), ("0, 1,2", [0, 1, 2]), ("-1", [-1])])
def test_seeds(text: str | None, seeds: list[int] | None) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "1,", "1.5", "one", "1 2"])
def test_what_are_no_seeds(text: str) -> None:
    with pytest.raises(ConfigError, match="whole numbers separated by commas") as caught:
        parse_seeds(text)
    assert caught.value.where == "--seeds"
