"""The log of a stage."""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import TextIO

from xdomain.core.secrets import know_environment, mask


def log_line(text: str) -> None:
    """Write a line with the time to the stage's log."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", flush=True)


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append this process's stdout and stderr to the log at `path`, including the output of C libraries.

    Known secrets are masked in Python's output, including tracebacks and the messages of loggers.
    """
    know_environment()
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = os.dup(1), os.dup(2)
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            # Python's own streams may have other descriptors, in a notebook for example, or be captured.
            with redirect_stdout(_stream(1)), redirect_stderr(_stream(2)):
                _move_loggers()
                yield
        finally:
            for descriptor, number in zip(saved, (1, 2), strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


def mask_output() -> None:
    """Mask known secrets in everything that this process prints from now on."""
    know_environment()
    sys.stdout, sys.stderr = _stream(1), _stream(2)
    _move_loggers()


def _move_loggers() -> None:
    """Redirect loggers that keep this process's first stdout or stderr to the masked streams.

    Call it after sys.stdout and sys.stderr are the masked streams. Some loggers follow these by themselves.
    """
    descriptors = {id(sys.__stdout__): 1, id(sys.__stderr__): 2}
    loggers = (logging.root, *logging.root.manager.loggerDict.values())
    for handler in (each for logger in loggers for each in getattr(logger, "handlers", ())):
        if isinstance(handler, logging.StreamHandler) and id(handler.stream) in descriptors:
            handler.setStream(_stream(descriptors[id(handler.stream)]))


class _MaskedStream(io.TextIOWrapper):
    """A text stream that masks known secrets in everything written to it."""

    def write(self, text: str, /) -> int:
        super().write(mask(text))
        return len(text)


@cache
def _stream(descriptor: int) -> TextIO:
    """Return a stream to the file descriptor. It is never closed, since loggers keep it."""
    return _MaskedStream(
        io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True
    )
