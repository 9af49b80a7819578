"""YAML files: what they must be, and the variables in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.yaml_file import expand_variables, read_yaml
from xdomain.core.errors import ConfigError


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"a: 1\nb: [1", ":2:6", "is not YAML"),
        (b"- 1", "", "should be a mapping"),
        (b"", "", "should be a mapping"),
        (b"a: \xff", "", "cannot be read"),
        (b"a: !!python/object:os.system 1", ":1:4", "is not YAML"),
    ],
)
def test_what_is_no_mapping_is_refused_with_its_place(data: bytes, place: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert caught.value.where == f"{path}{place}"
    assert words in caught.value.what


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        read_yaml(tmp_path / "missing.yaml")


def test_variables_are_replaced_at_any_depth_and_keys_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data")
    value = {"${PLACE}": ["${PLACE}/a", {"b": "x${PLACE}y${PLACE}"}], "n": 3, "cost": "$5 {PLACE}"}
    assert expand_variables(value, "x.yaml") == {
        "${PLACE}": ["/data/a", {"b": "x/datay/data"}],
        "n": 3,
        "cost": "$5 {PLACE}",
    }


def test_a_variable_that_is_not_set_is_named_with_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PLACE", raising=False)
    with pytest.raises(ConfigError) as caught:
        expand_variables({"domains": [{"source": {"path": "${NO_PLACE}/a"}}]}, "x.yaml")
    assert caught.value.where == "x.yaml: domains.0.source.path"
    assert "${NO_PLACE} is not set" in caught.value.what
