"""What each mistake in a file is answered with: `typos.md` is a table to be read."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path

import pytest

from tests.support.golden import FOLDER
from tests.support.typos import FILES, TYPOS, Typo
from xdomain.cli import app, render

HEAD = """# What a mistake is answered with

Written by `make golden`. Each part shows what differs from a right file, and what `xdomain` prints.
"""
TOLD_BY_THE_PLAN = {
    "no warm-up", "a misspelt hub id", "more items than there are", "checkpoints after the end",
}  # fmt: skip
"""Mistakes that a plan allows, and warns of."""
LONGEST = 700


def answer(typo: Typo, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command prints, for a plan only its warnings."""
    for name, text in {**FILES, **typo.files, typo.changed: typo.text}.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(sys, "argv", ["xdomain", *typo.command])
    code = 0
    try:
        app.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    if typo.title in TOLD_BY_THE_PLAN:
        assert code == 0, printed.err
        words = ("warning ", "memory unknown")
        found = [line for line in printed.out.splitlines() if " ".join(line.split()).startswith(words)]
        assert found, printed.out
        return "\n".join(" ".join(line.split()) for line in found)
    assert code == 2, (typo.title, printed)
    assert max(map(len, printed.err.splitlines())) < LONGEST
    return printed.err.strip().replace(f"{folder}/", "").replace(str(folder), "FOLDER")


def difference(typo: Typo) -> str:
    """Return the lines that a file has in place of others."""
    before = {**FILES, **typo.files}[typo.changed].splitlines()
    lines = [each for each in difflib.ndiff(before, typo.text.splitlines()) if each[0] in "-+"]
    return "\n".join(lines) if len(lines) < len(before) else typo.text.strip()


def test_typos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(render.out, "width", 2000)
    monkeypatch.setattr(render, "WIDTH_OF_FILES", 2000)
    parts = [HEAD]
    for typo in TYPOS:
        command = " ".join(typo.command)
        told = answer(typo, tmp_path, monkeypatch, capsys)
        parts.append(f"## {typo.title}\n\n`xdomain {command}`, {typo.changed}:\n")
        parts += [f"```diff\n{changed}\n```\n"] if (changed := difference(typo)) else []
        parts.append(f"```text\n{told}\n```\n")
    text = "\n".join(parts)
    path = FOLDER / "typos.md"
    if os.environ.get("XDOMAIN_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
