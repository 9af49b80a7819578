"""The command line in this process, with its exit code and what it prints: no new process for each call."""

from __future__ import annotations

import gc
import io
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from xdomain.cli.app import main


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: exit code.
        stdout: text that it printed.
        stderr: its messages.
        seconds: how long it took.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float

    def demand_told(self) -> None:
        """Assert exit code 2 and one paragraph without escape sequences."""
        assert self.code == 2, self
        assert self.stderr.count("\n") == 1, self
        assert 10 < len(self.stderr) < 5000, self
        assert all(character.isprintable() for character in self.stderr.rstrip("\n")), self


def xdomain_here(*words: object) -> Ended:
    """Run `xdomain` with these words as its entry point does."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    begun = time.monotonic()
    threshold = gc.get_threshold()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["xdomain", *map(str, words)])
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            gc.enable()
            gc.set_threshold(*threshold)
    return Ended(code, out.getvalue(), err.getvalue(), time.monotonic() - begun)
