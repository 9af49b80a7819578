"""The server that worker processes are forked from: it has imported torch and read the experiment's data once.

A fork of it starts a stage in about 0.02 s instead of the 4 s that the imports take. The server never touches a GPU.
Python keeps one such server per process and starts it with the first fork.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import StageError
from xdomain.core.threads import thread_environment
from xdomain.domains.server_domains import VARIABLE, write_server_domains

STARTS = 3
"""Attempts to start a process while the server dies."""
PAUSE_SECONDS = 0.2
"""Time between two attempts, in which the system takes a killed server away."""


class ForkServer:
    """Starts processes from the server.

    Args:
        threads: Number of torch threads per worker.
        preload: Modules that the server imports before it forks.
    """

    def __init__(self, threads: int, preload: Sequence[str]) -> None:
        self._environment = thread_environment(threads)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def read_domains(self, entries: Sequence[DomainConfig | str]) -> None:
        """Let the server read the data of domains when it starts.

        A server that an earlier session in this process left behind is ended, because files may have changed since it
        read them. One whose children still run stays: it belongs to another thread. Only the first call counts.
        """
        if self._folder is not None:
            return
        # The server would only end after its children, and their exit codes would be lost with it.
        if not any(isinstance(child, ForkServerProcess) for child in multiprocessing.active_children()):
            forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no public name for it
        self._folder = tempfile.TemporaryDirectory(prefix="xdomain-")
        path = Path(self._folder.name) / "domains.json"
        write_server_domains(entries, path)
        self._environment[VARIABLE] = str(path)

    def pipe(self) -> tuple[Connection, Connection]:
        """Return both ends of a connection with a process."""
        return self._context.Pipe()

    def start(self, target: Callable[..., None], *arguments: object) -> ForkServerProcess:
        """Fork a process that calls `target`; the server is started again if it is gone.

        Raises:
            StageError: the server does not stay alive.
        """
        for _ in range(STARTS):
            process = self._context.Process(target=target, args=arguments)
            # The server may be killed between our look and our request.
            with _light_main(), _set(self._environment), suppress(OSError, EOFError):
                process.start()
                return process
            time.sleep(PAUSE_SECONDS)
        raise StageError("the worker server cannot be started: it ends at once.", fix="See its output above.")

    def close(self) -> None:
        """Remove the file that tells the server what to read."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
            del self._environment[VARIABLE]


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a server that starts meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _light_main() -> Iterator[None]:
    """Keep children from importing this process's __main__ (pytest, a notebook, the command line), which they do not
    need."""
    main = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    main.__file__, main.__spec__ = None, None
    try:
        yield
    finally:
        main.__file__, main.__spec__ = file, spec
