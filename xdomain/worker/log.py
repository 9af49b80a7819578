"""The log of a stage."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import TextIO


def log_line(text: str) -> None:
    """Write a line with the time to the stage's log."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", flush=True)


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append this process's stdout and stderr, those of libraries in C too, to the log at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = os.dup(1), os.dup(2)
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            # Python's own streams may lie elsewhere: in a notebook, or where somebody captures them.
            with redirect_stdout(_stream(1)), redirect_stderr(_stream(2)):
                yield
        finally:
            for descriptor, number in zip(saved, (1, 2), strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


@cache
def _stream(descriptor: int) -> TextIO:
    """Return a stream to whatever the descriptor is at that moment; never closed, since loggers keep it."""
    return io.TextIOWrapper(
        io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True
    )
