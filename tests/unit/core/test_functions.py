"""Functions by name: found without running anything, and told apart by the text of their module."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from xdomain.core.errors import ConfigError
from xdomain.core.functions import find_function

SOURCE = """
raise RuntimeError("a plan must not run this")

def score(item, completion): return True
async def later(item, completion): return True
class Scorer:
    def score(self, item, completion): return True
scorer = Scorer()
try:
    from fast import quick
except ImportError:
    def quick(item, completion): return False
if True:
    shorter = lambda item, completion: True
first, (second, third) = 1, (2, 3)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "found_rewards.py").write_text(SOURCE)
    package = tmp_path / "found_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('not even a parent package')")
    (package / "rewards.py").write_text(SOURCE)
    (package / "inner" / "rewards.py").write_text(SOURCE)
    bare = tmp_path / "found_bare" / "deeper"
    bare.mkdir(parents=True)
    (bare / "rewards.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(
    "target",
    [
        "found_rewards:score",
        "found_rewards:Scorer.score",
        "found_rewards:scorer",
        "found_rewards:quick",
        "found_rewards:shorter",
        "found_rewards:third",
        "found_package.rewards:score",
        "found_package.inner.rewards:score",
        "found_bare.deeper.rewards:score",
    ],
)
def test_a_function_is_found_and_nothing_is_run(folder: Path, target: str) -> None:
    before = set(sys.modules)
    found = find_function(target, str(folder))
    assert found.digest == hashlib.sha256(SOURCE.encode()).hexdigest()
    assert found.path.is_relative_to(folder)
    assert not {name for name in set(sys.modules) - before if name.startswith("found_")}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("found_rewards", "It has no colon. Write it as"),
        ("found_rewards:", "is not the name of a function"),
        (":score", "is not the name of a function"),
        ("found-rewards:score", "is not the name of a function"),
        ("found_rewards.py:score", 'no module "found_rewards.py"'),
        ("fuond_rewards:score", 'no module "fuond_rewards" among the installed packages or in'),
        ("found_package.rewads:score", 'no module "found_package.rewads"'),
        ("found_package.inner:score", "is not a Python source file"),
        ("found_bare:score", "is not a Python source file"),
        ("math:sqrt", "is not a Python source file"),
        ("sys:exit", "is not a Python source file"),
        ("found_rewards:scor", 'defines no "scor". Did you mean "score"? It defines score, quick.'),
        ("found_rewards:later", "is a coroutine function"),
    ],
)
def test_what_cannot_be_found_is_told_with_what_to_type(folder: Path, target: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_function(target, str(folder))
    assert words in str(caught.value)


def test_a_file_that_is_not_python_is_told(folder: Path) -> None:
    for text in (b"def score(:\n", b"\x00"):
        (folder / "torn.py").write_bytes(text)
        with pytest.raises(ConfigError, match=r"torn\.py.*cannot be read"):
            find_function("torn:score", str(folder))


def test_a_star_import_or_a_getattr_may_bring_any_name(folder: Path) -> None:
    (folder / "open_names.py").write_text("from os.path import *\n")
    assert find_function("open_names:join", str(folder)).path.name == "open_names.py"
    (folder / "open_names.py").write_text("def __getattr__(name): return print\n")
    assert find_function("open_names:anything", str(folder)).path.name == "open_names.py"


def test_installed_packages_come_before_the_folder(folder: Path) -> None:
    (folder / "colorsys.py").write_text(SOURCE)
    assert not find_function("colorsys:rgb_to_hls", str(folder)).path.is_relative_to(folder)
    (folder / "found_twice.py").write_text(SOURCE)
    with pytest.raises(ConfigError, match=r"among the installed packages\. Install"):
        find_function("found_twice:score", None)
