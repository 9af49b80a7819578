"""Watching guests: feed them, read them up to a cap, and end them when they overstay."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import psutil

from xdomain.domains.sandbox.base import Limits

Ending = Literal["exited", "timeout", "output", "memory"]

POLL_SECONDS = 0.05
"""Between looks at the memory of all processes; short runs end before the first."""


@dataclass(frozen=True)
class Watched:
    """How guests ended.

    Attributes:
        ending: "exited" by themselves, or ended by us for time, output or memory.
        exit_code: of the first guest; meaningful if it exited.
        outputs: what each descriptor gave, up to the cap.
        seconds: wall time.
    """

    ending: Ending
    exit_code: int | None
    outputs: Mapping[int, bytes]
    seconds: float


def watch(
    guests: Sequence[subprocess.Popen[bytes]], reads: Sequence[int], feeds: Mapping[int, bytes], limits: Limits
) -> Watched:
    """Feed and read guests until their outputs end, then make sure that they are gone.

    Args:
        guests: started processes, each the leader of its own session.
        reads: descriptors to read until their end; closed here.
        feeds: descriptors to write the bytes to; closed here.
        limits: wall time, output and memory.
    """
    started = time.monotonic()
    exchange = Exchange(reads, feeds)
    ending: Ending = "exited"
    try:
        while exchange.reading:
            exchange.turn(POLL_SECONDS)
            if any(len(data) > limits.output_bytes for data in exchange.outputs.values()):
                ending = "output"
            elif time.monotonic() - started > limits.wall_seconds:
                ending = "timeout"
            elif exchange.idle and sum(map(resident_bytes, guests)) > limits.memory_mib << 20:
                ending = "memory"
            if ending != "exited":
                break
        exit_code = settle(guests[0], 0.0 if ending != "exited" else limits.wall_seconds)
    finally:
        exchange.close()
        for guest in guests:
            end(guest)
    outputs = {descriptor: bytes(data[: limits.output_bytes]) for descriptor, data in exchange.outputs.items()}
    return Watched(ending, exit_code, outputs, time.monotonic() - started)


class Exchange:
    """The reading and writing of one watch."""

    def __init__(self, reads: Sequence[int], feeds: Mapping[int, bytes]) -> None:
        self.selector = selectors.DefaultSelector()
        self.outputs = {descriptor: bytearray() for descriptor in reads}
        self.unsent = {descriptor: memoryview(data) for descriptor, data in feeds.items()}
        self.reading = set(reads)
        self.idle = False
        for descriptor in reads:
            self.selector.register(descriptor, selectors.EVENT_READ)
        for descriptor in feeds:
            os.set_blocking(descriptor, False)
            self.selector.register(descriptor, selectors.EVENT_WRITE)

    def turn(self, seconds: float) -> None:
        """Move what can be moved within `seconds`; `idle` tells that nothing could."""
        ready = self.selector.select(seconds)
        self.idle = not ready
        for key, _ in ready:
            if key.fd in self.outputs:
                self.read(key.fd)
            else:
                self.write(key.fd)

    def read(self, descriptor: int) -> None:
        data = os.read(descriptor, 1 << 16)
        self.outputs[descriptor] += data
        if not data:
            self.reading.discard(descriptor)
            self.drop(descriptor)

    def write(self, descriptor: int) -> None:
        try:
            sent = os.write(descriptor, self.unsent[descriptor][: 1 << 16])
        except BrokenPipeError:  # the guest does not read its input, which is its own affair
            sent = len(self.unsent[descriptor])
        self.unsent[descriptor] = self.unsent[descriptor][sent:]
        if not self.unsent[descriptor]:
            self.drop(descriptor)

    def drop(self, descriptor: int) -> None:
        self.selector.unregister(descriptor)
        os.close(descriptor)

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            self.drop(key.fd)
        self.selector.close()


def resident_bytes(guest: subprocess.Popen[bytes]) -> int:
    """Resident memory of a guest and everything below it; those that end meanwhile count nothing."""
    try:
        root = psutil.Process(guest.pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def settle(guest: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code, if the guest ends within `seconds`."""
    try:
        return guest.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def end(guest: subprocess.Popen[bytes]) -> None:
    """Kill the guest's whole session and reap it; bubblewrap's process namespace goes with it."""
    with contextlib.suppress(ProcessLookupError):  # it ended by itself, and so did its group
        os.killpg(guest.pid, signal.SIGKILL)
    guest.wait()
