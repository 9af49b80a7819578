"""Every code block of a page is run or validated: commands parse, cheap ones run, Python imports what exists.

YAML is loaded by `test_documents.py`. What a test cannot check (output, formulas, pictures) is fenced as ```text.
"""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

import xdomain
from tests.support.page_blocks import ROOT, Block, blocks
from xdomain.cli.app import app
from xdomain.core.records import Verdict
from xdomain.domains.base import Item

BLOCKS = blocks()
CHECKED = {"bash": "shell", "shell": "shell", "python": "python", "yaml": "yaml", "toml": "toml", "json": "json"}
UNCHECKED = {"text", "mermaid"}
STAND_INS = {
    "experiment.yaml": "two-domains",
    "mine.yaml": "two-domains",
    "my.yaml": "two-domains",
    "pairs.yaml": "two-domains",
    "pairs-ordered.yaml": "two-domains",
    "FILE": "two-domains",
    "my-domain.yaml": "my-data",
    "gsm8k.yaml": "my-data",
}
"""Files that a page lets its reader have, and the template that stands for each here."""
CHEAP = {("init",), ("doctor",), ("grid", "plan"), ("grid", "export"), ("grid", "gc"), ("domains", "check")}
"""Commands that run here, where their files are shipped or have a stand-in."""
OTHER_STORE = {"--explain", "--forget", "/store/mine.yaml"}
"""Words of commands that need stages of a grid that has run, or a folder of another machine."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])


def place(block: Block) -> str:
    return f"{block.page}:{block.line}"


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if CHECKED.get(block.language, block.language) == language]


def test_every_block_is_of_a_kind_that_a_test_checks() -> None:
    unknown = [place(block) for block in BLOCKS if block.language not in CHECKED.keys() | UNCHECKED]
    assert not unknown, f"shell, Python or YAML; fence output and formulas as ```text: {unknown}"
    assert len(BLOCKS) > 100


@pytest.mark.parametrize("block", of("shell"), ids=place)
def test_a_shell_block_parses(block: Block) -> None:
    text = "\n".join(line.removeprefix("$ ") for line in block.text.splitlines())
    ended = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    for words in block.commands:
        if words[0] == "xdomain":
            parse(words[1:])
        elif words[0] == "make":
            assert set(words[1:]) <= TARGETS, words
        elif words[:2] == ["pip", "install"]:
            for extras in re.findall(r"^\.\[(.*)\]$", words[-1]):
                assert set(extras.split(",")) <= EXTRAS, words
        elif words[0] == "python":
            module = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
            assert (ROOT / module).exists(), words


def parse(words: list[str]) -> None:
    """Let the real command read its arguments; it is not run."""
    command, rest = get_command(app), [word.strip("[]") for word in words]
    while isinstance(command, TyperGroup):
        assert rest[0] in command.commands, words
        command, rest = command.commands[rest[0]], rest[1:]
    for word in rest:
        if re.fullmatch(r"(?:experiments|docs)/\S+\.(?:yaml|py)", word):
            assert (ROOT / word).exists(), word
        elif word.endswith(".yaml"):
            assert Path(word).name in STAND_INS, f"{word}: name it in STAND_INS"
    command.loaded.make_context(" ".join(words), [word.replace("$t", "1") for word in rest])


def runnable(block: Block) -> list[list[str]]:
    """Return the commands of a block that are cheap; `cd` between them counts."""
    found = [
        words
        for words in block.commands
        if words[0] == "cd" or any(tuple(words[1 : 1 + len(each)]) == each for each in CHEAP)
    ]
    found = [words for words in found if not OTHER_STORE & set(words)]
    return found if any(words[0] == "xdomain" for words in found) else []


@pytest.mark.parametrize("block", [block for block in of("shell") if runnable(block)], ids=place)
def test_cheap_commands_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    for name, template in STAND_INS.items():
        if name != "experiment.yaml" or not any(words[1] == "init" for words in runnable(block)):
            stand_in(tmp_path, name, template)
    for words in runnable(block):
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            continue
        ended = CliRunner().invoke(app, [word.replace("/store", "store") for word in words[1:]])
        assert ended.exit_code == 0, f"{shlex.join(words)}: {ended.output}"


def stand_in(folder: Path, name: str, template: str) -> None:
    source = ROOT / "xdomain" / "templates" / template
    for path in source.iterdir():
        if path.suffix != ".yaml":
            shutil.copyfile(path, folder / path.name)
    shutil.copyfile(source / "experiment.yaml", folder / name)


@pytest.mark.parametrize("block", of("python"), ids=place)
def test_python_uses_names_that_exist(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xdomain"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                assert hasattr(module, alias.name), f"{place(block)}: {node.module}.{alias.name}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "xdomain":
            assert node.attr in xdomain.__all__, f"{place(block)}: xdomain.{node.attr}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "session":
            assert hasattr(xdomain.Session, node.attr), f"{place(block)}: session.{node.attr}"


@pytest.mark.parametrize("block", of("toml"), ids=place)
def test_toml_parses(block: Block) -> None:
    tomllib.loads(block.text)


def test_the_reward_and_the_verifier_of_the_page_pay_and_judge() -> None:
    names: dict[str, Any] = {}
    for block in of("python"):
        if block.page == "docs/how-to/write-a-reward.md":
            exec(compile(block.text, place(block), "exec"), names)
    item = Item(id="1", prompt="Which city?", gold="Paris")
    assert names["reward"](item, "Paris", Verdict.right(answer="Paris")) == pytest.approx(1 - 0.2 * 5 / 2000)
    assert names["reward"](item, "x" * 9000, Verdict.wrong(answer="x")) == -0.2
    assert names["score"](item, " paris\n")
    assert not names["score"](item, "London")
