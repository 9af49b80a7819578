"""How values look on a terminal, in a pipe and in a log."""

from __future__ import annotations

import json
import math
import sys

import pytest
from rich.console import Console
from rich.table import Table

from xdomain.cli.render import WIDTH_OF_FILES, make_console, print_json, redraws, typed_command, write, write_json


def test_tables_in_a_pipe_are_as_wide_as_their_content(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console = make_console(stderr=False)
    table = Table("name", "value", box=None)
    table.add_row("a", "x" * 300)
    table.add_row("b", "short")
    console.print(table)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) > 300
    assert all(line == line.rstrip() for line in lines)
    console.print("word " * 100)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= WIDTH_OF_FILES
    monkeypatch.setenv("COLUMNS", "60")
    assert make_console(stderr=True).width == 60


def test_bars_are_redrawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    terminal = Console(force_terminal=True)
    assert redraws(terminal)
    assert not redraws(Console(force_terminal=False))
    monkeypatch.setenv("CI", "true")
    assert not redraws(terminal)


def test_json_is_one_document_without_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}
    with pytest.raises(ValueError, match="JSON"):
        print_json({"a": math.nan})


def test_a_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/some/where/xdomain", "grid", "run", "my file.yaml"])
    assert typed_command() == "xdomain grid run 'my file.yaml'"


def test_a_console_passes_on_no_control_sequence_but_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("a\x1b[2J", title="b\x1b]0;owned\x07")
    table.add_row("c\x9b31m")
    make_console(stderr=False).print("[bold]fine[/] \x1b[2J\u202e", table)
    shown = capsys.readouterr().out
    assert "fine \N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}" in shown
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(shown)


def test_what_is_written_past_the_console_steers_no_terminal_either(capsys: pytest.CaptureFixture[str]) -> None:
    write("a\x1b[2J\r\nb\n")
    write_json('{"a": "\x9b"}')
    assert capsys.readouterr().out == 'a\N{REPLACEMENT CHARACTER}[2J\nb\n{"a": "\\u009b"}\n'
