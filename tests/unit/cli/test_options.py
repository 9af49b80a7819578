"""Options that several commands share."""

import pytest

from xdomain.cli.options import parse_seeds
from xdomain.core.errors import ConfigError


def test_seeds_are_whole_numbers_with_commas() -> None:
    assert parse_seeds(None) is None
    assert parse_seeds("0, 1,2") == [0, 1, 2]
    with pytest.raises(ConfigError, match='--seeds: "0,x" should be whole numbers'):
        parse_seeds("0,x")
