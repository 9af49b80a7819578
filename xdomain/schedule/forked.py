"""Main functions of the processes that the local executor forks."""

from __future__ import annotations

import multiprocessing
import os
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from xdomain.schedule.worker_door import backend_cache, preflight_complaint, run_task_file


def preflight_main(setup_json: str, loads_source: bool, answer: Connection) -> None:
    """Check a setup and send the result of `preflight_complaint`."""
    end_with_parent()
    answer.send_bytes(preflight_complaint(setup_json, loads_source).encode())


def worker_main(task_path: str, devices: str | None) -> None:
    """Run one task.

    Args:
        devices: Value for CUDA_VISIBLE_DEVICES; None leaves the variable unchanged.
    """
    _prepare(devices)
    run_task_file(task_path)


def kept_worker_main(orders: Connection, devices: str | None) -> None:
    """Run one task after another with one engine, and answer each when it is done.

    The process ends after a task that left it without an engine, because this happens only after an error. A process
    cannot be used further after an error on a GPU.
    """
    _prepare(devices)
    cache = backend_cache()
    with suppress(EOFError):
        while True:
            run_task_file(orders.recv_bytes().decode(), cache)
            if cache.is_empty:
                return
            orders.send_bytes(b"done")


def end_with_parent() -> None:
    """Exit at once when the scheduler's process has ended, whatever the reason."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _prepare(devices: str | None) -> None:
    end_with_parent()
    if devices is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices
