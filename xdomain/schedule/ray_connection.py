"""Join a Ray cluster, or start one on this machine."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError, DependencyMissing
from xdomain.core.installation import install_command
from xdomain.core.threads import thread_environment

CONNECT_SECONDS = 5.0
OBJECT_STORE_BYTES = 100_000_000
"""Size in bytes of the object store of a cluster that is started here. Only paths are sent through it."""


def load_ray() -> ModuleType:
    """Return the package `ray`.

    Raises:
        DependencyMissing: Ray is not installed.
    """
    try:
        import ray
    except ImportError:
        raise DependencyMissing('the package "ray" is not installed.', fix=install_command("ray")) from None
    module: ModuleType = ray
    return module


def connect(ray: ModuleType, execution: ExecutionConfig) -> None:
    """Join the cluster that the experiment or RAY_ADDRESS names. If neither names one, start one on this machine.

    Raises:
        ConfigError: The cluster cannot be reached.
    """
    address = execution.ray.address or os.environ.get("RAY_ADDRESS") or "local"
    check_listening(address)
    here = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES} if address == "local" else {}
    try:
        with handler_kept():
            ray.init(
                address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": thread_environment(execution.threads)},
                **here,
            )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise ConfigError(
            f'the Ray cluster "{address}" cannot be used: {first_line(error)}.',
            where="execution.ray.address",
            fix='Start one with `ray start --head` and write its "host:port", or leave the address out.',
        ) from error


def check_listening(address: str) -> None:
    """Check that a cluster listens at an address. Ray would try for a minute, and then end the process.

    Raises:
        ConfigError: No server listens at the address, or it is an address of Ray's client.
    """
    if address.startswith("ray://"):
        raise ConfigError(
            "addresses of Ray's client are not supported.",
            where="execution.ray.address",
            fix='Run on a machine of the cluster and write its head\'s "host:port", or `auto`.',
        )
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise ConfigError(
            f'no server answers at "{address}": {error}.',
            where="execution.ray.address",
            fix="`ray status` on the cluster's head shows its address.",
        ) from None


@contextmanager
def handler_kept() -> Iterator[None]:
    """Restore the handler of SIGTERM, which Ray replaces in the main thread. Ours stops at the next checkpoint."""
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, kept)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message. Ray's messages are pages long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
