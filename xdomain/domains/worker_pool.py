"""Child processes that answer JSON lines and can be killed, for libraries that hang on hostile input."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.core.threads import thread_environment

LONGEST_REPLY = 1_000_000
"""Largest number of bytes in a reply."""

START_SECONDS = 60.0
"""Time that a worker has to say "ready" before its first job. So a slow import does not count against the job."""


@dataclass(frozen=True)
class Failure:
    """A job without a reply.

    Attributes:
        reason: "timeout", "crash" (caused by the job), or "unavailable" (the worker could not be started).
    """

    reason: str


class Worker:
    """A child process that runs `python -m module`, prints "ready", and then answers each line with a line."""

    def __init__(self, module: str) -> None:
        package_parent = str(Path(__file__).resolve().parents[2])
        search = os.pathsep.join(filter(None, (package_parent, os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | thread_environment(1) | {"PYTHONPATH": search},
            start_new_session=True,
        )
        self.buffer = b""

    def ask(self, job: Any, timeout_seconds: float) -> Any:
        """Return the worker's answer to one job, or a `Failure`, after which the worker cannot be used again."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return Failure("crash")
        return self.read_line(timeout_seconds)

    def read_line(self, timeout_seconds: float) -> Any:
        assert self.process.stdout is not None
        descriptor, deadline = self.process.stdout.fileno(), time.monotonic() + timeout_seconds
        while b"\n" not in self.buffer:
            readable, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                return Failure("timeout")
            chunk = os.read(descriptor, 65536)
            if not chunk or len(self.buffer) > LONGEST_REPLY:
                return Failure("crash")
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def kill(self) -> None:
        """End the worker at once and reap it."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # the unsent rest of a job
                    continue


class WorkerPool:
    """A pool of up to `size` workers, which start when they are first needed. A worker is replaced if a job breaks it.

    A worker notices the end of its parent by the end of its input. A busy worker ends itself by an alarm.
    """

    def __init__(self, module: str, size: int) -> None:
        self.module = module
        self.size = size
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    def map(self, jobs: Sequence[Any], timeout_seconds: float) -> list[Any]:
        """Return one reply or `Failure` per job, in order."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(jobs)):
            waiting.put(index)
        replies: list[Any] = [Failure("unavailable")] * len(jobs)

        def serve() -> None:
            worker = self.take()
            while worker is not None:
                try:
                    index = waiting.get_nowait()
                except queue.Empty:
                    break
                replies[index] = worker.ask(jobs[index], timeout_seconds)
                if isinstance(replies[index], Failure):
                    worker.kill()
                    worker = self.take()
            if worker is not None:
                with self._lock:
                    self._idle.append(worker)

        crew = min(self.size, len(jobs))
        with ThreadPoolExecutor(max_workers=max(1, crew)) as executor:
            for served in [executor.submit(serve) for _ in range(crew)]:
                served.result()
        return replies

    def take(self) -> Worker | None:
        """Return an idle worker or a new one, or None if none can be started."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            worker = Worker(self.module)
        except OSError:
            return None
        if worker.read_line(START_SECONDS) == "ready":
            return worker
        worker.kill()
        return None

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()
