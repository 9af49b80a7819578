"""What reaches a user when a command goes wrong."""

from __future__ import annotations

import errno
import sys

import pytest

from xdomain.cli import app as module
from xdomain.core.errors import OWN_FAULT


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
    assert said.splitlines()[-1].startswith("ValueError: two lines This was not expected")
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
