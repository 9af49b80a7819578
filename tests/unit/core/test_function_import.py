"""A planned function is imported as it was planned, or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xdomain.core.errors import ConfigError
from xdomain.core.function_import import load_function, plain_error
from xdomain.core.functions import find_function


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in set(sys.modules) - before:
        if name.startswith("mine"):
            del sys.modules[name]


def load(folder: Path, target: str, arguments: int = 2) -> Callable[..., Any]:
    return load_function(target, str(folder), find_function(target, str(folder)).digest, arguments)


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    for value in ("0", "1", "2"):
        file.write_text(f"def score(item, completion): return {value}\n")
        assert load(tmp_path, "mine:score")(None, "") == int(value)


def test_equal_names_in_two_folders_do_not_mix(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(f"def score(item, completion): return {name!r}\n")
    functions = [load(tmp_path / name, "mine:score") for name in ("a", "b", "a")]
    assert [each(None, "") for each in functions] == ["a", "b", "a"]


def test_an_unchanged_module_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def score(item, completion): return 1\ndef other(item, completion): return 2\n")
    assert load(tmp_path, "mine:score").__globals__ is load(tmp_path, "mine:other").__globals__


def test_an_edit_after_the_plan_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def score(item, completion): return 1\n")
    digest = find_function("mine:score", str(tmp_path)).digest
    file.write_text("def score(item, completion): return 0\n")
    with pytest.raises(ConfigError, match=r"not what was planned.*Run the command again"):
        load_function("mine:score", str(tmp_path), digest, 2)
    assert "mine" not in sys.modules


def test_a_module_imports_its_neighbours(tmp_path: Path) -> None:
    package = tmp_path / "minepackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("VALUE = 0.5\n")
    (package / "rewards.py").write_text("from .parts import VALUE\ndef score(item, completion): return VALUE\n")
    (tmp_path / "mine.py").write_text(
        "def score(item, completion):\n    from minepackage.parts import VALUE\n    return VALUE\n"
    )
    assert load(tmp_path, "minepackage.rewards:score")(None, "") == 0.5
    assert load(tmp_path, "mine:score")(None, "") == 0.5


CLUMSY = """
import functools
def one(item): return True
def three(item, completion, verdict): return True
def anything(*arguments, **named): return True
def keyword(item, *, completion): return True
async def later(item, completion): return True
def several(item, completion): yield True
class Scorer:
    def __call__(self, item, completion): return True
    def method(self, item, completion): return True
    @staticmethod
    def static(item, completion): return True
    @classmethod
    def of_class(cls, item, completion): return True
scorer = Scorer()
short = lambda item, completion: True
number = 3
partial = functools.partial(three, verdict=None)
if True: hidden = later
"""


@pytest.mark.parametrize(
    "name", ["anything", "scorer", "short", "partial", "scorer.method", "Scorer.static", "Scorer.of_class"]
)
def test_whatever_takes_the_arguments_serves(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine.py").write_text(CLUMSY)
    assert load(tmp_path, f"mine:{name}")(None, "") is True


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one", "cannot be called with 2 arguments"),
        ("three", "missing a required argument: 'verdict'"),
        ("keyword", "cannot be called with 2 arguments"),
        ("Scorer.method", "cannot be called with 2 arguments"),
        ("Scorer", "is a class. Name an instance"),
        ("number", "is of type int, not a function"),
        ("hidden", "is a coroutine or generator function"),
        ("several", "is a coroutine or generator function"),
        ("Scorer.mehtod", 'defines no "mehtod". Did you mean "method"?'),
        ("number.real.x", 'defines no "x"'),
    ],
)
def test_what_cannot_serve_is_told(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "mine.py").write_text(CLUMSY)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"mine:{name}")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import nosuchmodule", "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_module_that_fails_on_import_is_an_error_with_its_message(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "mine.py").write_text(f"{line}\ndef score(item, completion): return True\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "mine:score")
    assert words in str(caught.value)
    assert "mine.py" in str(caught.value)
    assert "mine" not in sys.modules


def test_an_error_becomes_one_plain_line() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert plain_error(ValueError("two\n  lines")) == "ValueError: two lines"
    assert plain_error(ValueError()) == "ValueError"
    assert plain_error(Silent()) == "Silent: its message cannot be written"
    assert plain_error(ValueError("\ud800")) == "ValueError: ?"
    assert len(plain_error(ValueError("x" * 10_000))) == 300
