"""Watching guests: feed them, read them up to a cap, and end them when they overstay."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xdomain.domains.sandbox.base import Guest, Limits

Ending = Literal["exited", "timeout", "output", "memory"]

LONGEST_SECONDS, SHORTEST_SECONDS = 0.05, 0.001
"""Between looks at the memory of all processes."""

BYTES_PER_SECOND = 8 << 30
"""What a core can fill, with huge pages. The next look comes before the threads seen could use up what is left."""


REACTION_SECONDS = 0.02
"""How long it may take on a busy machine until killed processes have stopped."""


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


def watch(guests: Sequence[Guest], reads: Sequence[int], feeds: Mapping[int, bytes], limits: Limits) -> Watched:
    """Feed and read guests until their outputs end and the first is done, then make sure that all are gone.

    Args:
        guests: started guests; they are ended here.
        reads: descriptors to read until their end; closed here.
        feeds: descriptors to write the bytes to; closed here.
        limits: wall time, output and memory.
    """
    started = time.monotonic()
    exchange = Exchange(reads, feeds)
    memory = MemoryWatch(guests, limits)
    ending: Ending = "exited"
    try:
        while ending == "exited":
            pause = memory.seconds_to_look()
            if exchange.reading:
                exchange.turn(pause)
            elif settle(guests[0].process, pause) is not None:
                break
            if any(len(data) > limits.output_bytes for data in exchange.outputs.values()):
                ending = "output"
            elif time.monotonic() - started > limits.wall_seconds:
                ending = "timeout"
            elif memory.is_over():
                ending = "memory"
        exit_code = settle(guests[0].process, 0.0)
        if any(guest.ran_out_of_memory() for guest in guests):
            ending = "memory"
    finally:
        exchange.close()
        for guest in guests:
            guest.end()
    outputs = {descriptor: bytes(data[: limits.output_bytes]) for descriptor, data in exchange.outputs.items()}
    return Watched(ending, exit_code, outputs, time.monotonic() - started)


class MemoryWatch:
    """Looks at the memory of guests by the clock, whatever they write meanwhile."""

    def __init__(self, guests: Sequence[Guest], limits: Limits) -> None:
        self.guests = guests
        self.limit = limits.memory_mib << 20
        self.looked = self.due = time.monotonic()
        self.before: Mapping[int, int] = {}

    def seconds_to_look(self) -> float:
        return max(0.0, self.due - time.monotonic())

    def is_over(self) -> bool:
        """Whether the guests hold more than they may, if it is time to look. They are killed then."""
        now = time.monotonic()
        if now < self.due:
            return False
        seen = [guest.usage() for guest in self.guests]
        processes = {pid: held for usage in seen for pid, held in usage.processes.items()}
        left = self.limit - sum(processes.values()) - sum(usage.others for usage in seen)
        if left < self.coming(processes, now):
            for guest, usage in zip(self.guests, seen, strict=True):
                guest.kill(usage.processes)
            return True
        rate = BYTES_PER_SECOND * min(os.cpu_count() or 1, sum(usage.threads for usage in seen) or 1)
        self.looked, self.before = now, processes
        self.due = now + min(max(left / rate, SHORTEST_SECONDS), LONGEST_SECONDS)
        return any(guest.ran_out_of_memory() for guest in self.guests)

    def coming(self, processes: Mapping[int, int], now: float) -> float:
        """Return what several growing processes will have added until a kill reaches them.

        A single process is not counted, since it has its own limit. New ones are not either, since they share memory.
        """
        growth = [held - self.before.get(pid, held) for pid, held in processes.items()]
        growing = [more for more in growth if more > 0]
        elapsed = max(now - self.looked, SHORTEST_SECONDS)
        return sum(growing) * REACTION_SECONDS / elapsed if len(growing) > 1 else 0.0


class Exchange:
    """The reading and writing of one watch."""

    def __init__(self, reads: Sequence[int], feeds: Mapping[int, bytes]) -> None:
        self.selector = selectors.DefaultSelector()
        self.outputs = {descriptor: bytearray() for descriptor in reads}
        self.unsent = {descriptor: memoryview(data) for descriptor, data in feeds.items()}
        self.reading = set(reads)
        for descriptor in reads:
            self.selector.register(descriptor, selectors.EVENT_READ)
        for descriptor in feeds:
            os.set_blocking(descriptor, False)
            self.selector.register(descriptor, selectors.EVENT_WRITE)

    def turn(self, seconds: float) -> None:
        """Move what can be moved within `seconds`."""
        for key, _ in self.selector.select(seconds):
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


def settle(guest: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code, if the guest ends within `seconds`."""
    try:
        return guest.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
