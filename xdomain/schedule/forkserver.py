"""The server that worker processes are forked from. It imports torch and reads the experiment's data once.

Forking it starts a stage in about 0.02 s instead of the 4 s that the imports take. The server never uses a GPU. Python
keeps one such server per process and starts it with the first fork.
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
"""Number of attempts to start a process if the server dies meanwhile."""
PAUSE_SECONDS = 0.2
"""Time between two attempts, which the system needs to clean up a killed server."""


class ForkServer:
    """A connection to the server, which starts processes.

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
        """Make the server read the data of domains when it starts. Only the first call has an effect.

        A server of an earlier session in this process is ended, because files may have changed since it read them. A
        server whose children still run is kept, because it belongs to another thread.
        """
        if self._folder is not None:
            return
        # The server ends only after its children, and would take their exit codes with it.
        if not any(isinstance(child, ForkServerProcess) for child in multiprocessing.active_children()):
            forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no public name for it
        self._folder = tempfile.TemporaryDirectory(prefix="xdomain-")
        path = Path(self._folder.name) / "domains.json"
        write_server_domains(entries, path)
        self._environment[VARIABLE] = str(path)

    def pipe(self) -> tuple[Connection, Connection]:
        """Return both ends of a connection to a process."""
        return self._context.Pipe()

    def start(self, target: Callable[..., None], *arguments: object) -> ForkServerProcess:
        """Fork a process that calls `target`. Restart the server if it has died.

        Raises:
            StageError: The server dies again and again.
        """
        for _ in range(STARTS):
            process = self._context.Process(target=target, args=arguments)
            # The server may be killed between the check and the request.
            with _light_main(), _set(self._environment), suppress(OSError, EOFError):
                process.start()
                return process
            time.sleep(PAUSE_SECONDS)
        raise StageError("the worker server cannot be started: it ends at once.", fix="See its output above.")

    def close(self) -> None:
        """Remove the file with the list of domains that the server reads."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
            del self._environment[VARIABLE]


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a server that starts inside the `with` block."""
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
    """Keep children from importing this process's __main__ module, which they do not need.

    It may be pytest, a notebook or the command line.
    """
    main = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    main.__file__, main.__spec__ = None, None
    try:
        yield
    finally:
        main.__file__, main.__spec__ = file, spec
