"""The ground floor: fingerprints, seeds, registries, files, errors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from xdomain.core.errors import ConfigError, PluginError, StoreError
from xdomain.core.files import read_json, write_atomic, write_json
from xdomain.core.fingerprint import canonical_json, fingerprint
from xdomain.core.registry import Registry
from xdomain.core.seeds import derive_seed, generator


def test_canonical_json_ignores_order_and_keeps_types_apart() -> None:
    assert canonical_json({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert fingerprint({"a": 1}) != fingerprint({"a": True})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {1, 2}, Path("x"), b"x", object()])
def test_unstable_values_are_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="should"):
        canonical_json({"deep": [value]})


def test_seeds_derive_from_names_not_from_their_concatenation() -> None:
    assert derive_seed("ab", "c") != derive_seed("a", "bc")
    assert derive_seed("a", 1) != derive_seed("a", "1")
    assert 0 <= derive_seed("x") < 2**31
    assert generator("x").random() == generator("x").random()


def test_registry_suggests_and_refuses_broken_targets() -> None:
    registry = Registry("thing", {"path": "pathlib:Path", "broken": "nosuchmodule:x"}, "xdomain.nothing")
    assert registry.load("path") is Path
    with pytest.raises(PluginError, match=r'unknown thing "pth"\. Did you mean "path"\?'):
        registry.load("pth")
    with pytest.raises(PluginError, match="cannot be loaded"):
        registry.load("broken")


def test_atomic_write_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    with pytest.raises(TypeError):
        write_atomic(path, 3)  # type: ignore[arg-type]
    assert json.loads(path.read_text()) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["value.json"]


def test_words_of_others_stay_in_one_paragraph() -> None:
    assert StoreError("squeue said:\n  no\n\n  answer.", where="here").paragraph() == "here: squeue said: no answer."


def test_errors_survive_pickling_with_their_paragraph() -> None:
    error = ConfigError("is wrong.", where="file.yaml: a.b", fix="Mend it.")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "file.yaml: a.b: is wrong. Mend it."
    assert copy.exit_code == 2
