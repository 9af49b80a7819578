"""Variables of the environment."""

from __future__ import annotations

import pytest

from xdomain.config.variables import expand_variables
from xdomain.config.written import Written
from xdomain.core.errors import ConfigError


def test_variables_are_expanded_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_PLACE", "/data")
    value = {"a": ["${XDOMAIN_PLACE}/b", 3, {"c": "${XDOMAIN_PLACE}${XDOMAIN_PLACE}"}], "d": "$XDOMAIN_PLACE"}
    written = Written("f")
    assert expand_variables(value, written) == {"a": ["/data/b", 3, {"c": "/data/data"}], "d": "$XDOMAIN_PLACE"}
    written.refuse()


def test_a_variable_that_is_not_set_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDOMAIN_NONE", raising=False)
    written = Written("f")
    expand_variables({"a": [0, {"b": "${XDOMAIN_NONE}"}], "c": "${XDOMAIN_NONE}/x"}, written)
    assert written.unknown == {("a", 1, "b"), ("c",)}
    with pytest.raises(ConfigError, match=r"^f: a\.1\.b: \$\{XDOMAIN_NONE\} is not set") as caught:
        written.refuse()
    assert type(caught.value) is ConfigError


def test_no_secret_is_put_into_an_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789")
    written = Written("f")
    expand_variables({"a": ["http://h/${SOME_API_KEY}"]}, written)
    with pytest.raises(ConfigError, match=r"\$\{SOME_API_KEY\} names a secret") as caught:
        written.refuse()
    assert "sk-" not in str(caught.value)
