"""Names that are built in or come from installed packages, and packages that are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.plugins import write_package
from xdomain.core import registry as module
from xdomain.core.errors import DependencyMissing, PluginError
from xdomain.core.registry import Registry, load_attribute

THINGS = Registry("thing", {"path": "pathlib:Path", "own": "pathlib:PurePath"}, "xdomain.things")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_nested_attributes_are_loaded() -> None:
    assert load_attribute("pathlib:Path.cwd") == Path.cwd
    with pytest.raises(PluginError, match=r'"pathlib:Path.cdw" cannot be loaded'):
        load_attribute("pathlib:Path.cdw")


def test_an_installed_name_is_loaded_and_told(site: Path) -> None:
    write_package(site, "a-thing", {"xdomain.things": {"new": "pathlib:PosixPath", "path": "nosuch:x"}})
    assert THINGS.load("new").__name__ == "PosixPath"
    assert THINGS.load("path") is Path, "a built-in name cannot be replaced"
    assert THINGS.names() == ["new", "own", "path"]
    assert THINGS.described("new") == '"new" (of a-thing 1.0)'
    words = r'unknown thing "nwe"\. Did you mean "new"\?.*installed packages bring new\.'
    with pytest.raises(PluginError, match=words):
        THINGS.check("nwe")


def test_installed_packages_are_looked_through_once_per_path(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    real = module.distributions
    monkeypatch.setattr(module, "distributions", lambda: looks.append(1) or real())
    for _ in range(3):
        THINGS.names()
        THINGS.plugins()
    assert len(looks) == 1
    monkeypatch.setattr(sys, "path", [*sys.path, str(site / "other")])
    THINGS.names()
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nosuchmodule", "No module named 'nosuchmodule'"),
        ("x = 1", "has no attribute 'Thing'"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (", "SyntaxError"),
    ],
)
def test_a_broken_package_is_named_and_breaks_no_listing(site: Path, source: str, words: str) -> None:
    name = f"broken_{abs(hash(source))}"
    write_package(site, "bad-thing", {"xdomain.things": {"bad": f"{name}:Thing"}}, {name: source})
    assert "bad" in THINGS.names()
    with pytest.raises(PluginError) as caught:
        THINGS.load("bad", where="things.kind")
    assert words in str(caught.value)
    assert 'things.kind: the thing "bad" (of bad-thing 1.0) cannot be loaded' in str(caught.value)


def test_unreadable_metadata_breaks_no_listing(site: Path) -> None:
    write_package(site, "good-thing", {"xdomain.things": {"good": "pathlib:Path"}})
    write_package(site, "torn-thing", {})
    (site / "torn_thing-1.0.dist-info" / "entry_points.txt").write_text("[xdomain.things]\nno equals sign\n")
    write_package(site, "nameless", {"xdomain.things": {"x": "pathlib:Path"}})
    (site / "nameless-1.0.dist-info" / "METADATA").write_bytes(b"\xff\xfe")
    assert "good" in THINGS.names()


def test_what_a_plugin_makes_is_looked_at(site: Path) -> None:
    source = """
        from xdomain.core.errors import DependencyMissing
        def right(value): return [value]
        def wrong(value): return value
        def fails(value): raise ValueError("no such number")
        def needs(value): raise DependencyMissing("numerals are missing.", fix="pip install numerals")
    """
    names = ("right", "wrong", "fails", "needs")
    points = {name: f"makers_module:{name}" for name in names}
    write_package(site, "makers", {"xdomain.things": points}, {"makers_module": source})
    assert THINGS.build("right", 3, gives=list) == [3]
    with pytest.raises(PluginError, match=r'"wrong" \(of makers 1.0\) should give a list. Found int'):
        THINGS.build("wrong", 3, gives=list)
    with pytest.raises(PluginError, match=r'"fails" \(of makers 1.0\) cannot be made: ValueError: no such number'):
        THINGS.build("fails", 3, gives=list)
    with pytest.raises(DependencyMissing, match="pip install numerals"):
        THINGS.build("needs", 3, gives=list)


def test_errors_of_built_in_targets_stay_as_they_are() -> None:
    own = Registry("thing", {"int": "builtins:int"}, "xdomain.things")
    with pytest.raises(ValueError, match="invalid literal"):
        own.build("int", "x", gives=int)
