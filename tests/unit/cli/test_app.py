"""What reaches a user when a command goes wrong."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from xdomain.cli import app as module
from xdomain.core.errors import OWN_FAULT, ConfigErrors


def broken() -> None:
    raise ValueError("two\nlines")


@pytest.mark.parametrize("debug", [False, True])
def test_an_error_that_nobody_foresaw_is_one_paragraph(
    debug: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "app", broken)
    monkeypatch.setattr(sys, "argv", ["xdomain", *(["--debug"] if debug else [])])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == OWN_FAULT
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("ValueError: two lines This is an internal error of xdomain")
    assert ("Traceback" in said) is debug


def test_what_the_file_system_refuses_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> None:
        raise OSError(errno.EROFS, "Read-only file system", "/out/report.md")

    monkeypatch.setattr(module, "app", full)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == "StoreError: /out/report.md: cannot be used: Read-only file system."


def every_command(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command."""
    if not isinstance(command, TyperGroup):
        yield words
        return
    for name, inner in command.commands.items():
        yield from every_command(inner, *words, name)


@pytest.mark.parametrize("words", [*every_command(get_command(module.app))], ids=" ".join)
def test_help_shows_every_word_and_every_default(words: tuple[str, ...]) -> None:
    command: Any = get_command(module.app)
    for word in words:
        command = command.commands[word]
    shown = CliRunner().invoke(module.app, [*words, "--help"], env={"COLUMNS": "500", "NO_COLOR": "1"}).stdout
    lines = [" ".join(line.strip("│ *").split()) for line in shown.splitlines()]
    for option in command.loaded.params:
        told = " ".join((option.help or "").split())
        default = getattr(option.default, "value", option.default)
        if isinstance(option.show_default, str):
            told += f" [default: ({option.show_default})]"
        elif option.show_default and not isinstance(default, bool) and default not in (None, (), ""):
            told += f" [default: {default}]"
        assert any(told in line for line in lines), told


def test_several_mistakes_are_several_lines_and_foreign_text_adds_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise ConfigErrors("2 mistakes.\nx.yaml:1: one\r\x1b[2J.\nx.yaml:2: two.", where="x.yaml")

    monkeypatch.setattr(module, "app", refuse)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert "\x1b[2J" not in shown
    assert "\r" not in shown
    assert [line.partition(":")[0] for line in shown.splitlines()] == ["ConfigErrors", "x.yaml", "x.yaml"]
