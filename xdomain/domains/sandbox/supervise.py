"""Watching guests: feed them, read them up to a cap, and end them when they overstay."""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xdomain.domains.sandbox.base import Guest, Limits
from xdomain.domains.sandbox.usage import Usage, send

Ending = Literal["exited", "timeout", "output", "memory"]

LONGEST_SECONDS, SHORTEST_SECONDS = 0.05, 0.001
"""Between looks at the memory of all processes."""

BYTES_PER_SECOND = 8 << 30
"""What a core can fill, with huge pages. The next look comes before the threads seen could use up what is left."""


REACTION_SECONDS = 0.01
"""How much longer than planned it may take on a busy machine until processes have stopped."""

UNCOUNTED = 32
"""Part of the limit that is kept for what an exact count leaves out, such as page tables."""


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

    Raises:
        OSError: a guest ended before it ran foreign code.
    """
    started = time.monotonic()
    exchange = Exchange(reads, feeds)
    watches = [MemoryWatch(guest, limits) for guest in guests]
    ending: Ending = "exited"
    try:
        while ending == "exited":
            pause = min(watch.seconds_to_look() for watch in watches)
            if exchange.reading:
                exchange.turn(pause)
            elif settle(guests[0].process, pause) is not None:
                break
            if any(len(data) > limits.output_bytes for data in exchange.outputs.values()):
                ending = "output"
            elif time.monotonic() - started > limits.wall_seconds:
                ending = "timeout"
            elif any(watch.is_over() for watch in watches):
                ending = "memory"
        exit_code = settle(guests[0].process, 0.0)
        if any(guest.ran_out_of_memory() for guest in guests):
            ending = "memory"
    finally:
        exchange.close()
        # When the first is done, another may still be starting. Its program is not needed any more.
        starting = [ending == "exited" and guest.process.poll() is None for guest in guests]
        ran = [guest.end() for guest in guests]
    if not ran[0] or not all(one or other for one, other in zip(ran, starting, strict=True)):
        raise OSError(errno.ECHILD, "it ended before the program ran")
    outputs = {descriptor: bytes(data[: limits.output_bytes]) for descriptor, data in exchange.outputs.items()}
    return Watched(ending, exit_code, outputs, time.monotonic() - started)


class MemoryWatch:
    """Looks at the memory of a guest by the clock, whatever it writes meanwhile.

    With a control group the kernel holds the limit. Without one the resident memory of all processes is a bound that
    takes little time. If the bound is above the limit, the guest is stopped and its memory is counted exactly.
    """

    def __init__(self, guest: Guest, limits: Limits) -> None:
        self.guest = guest
        self.limit = limits.memory_mib << 20
        self.due = time.monotonic()
        self.bound = Growth()
        self.exact = Growth()
        self.suspects: set[int] = set()

    def seconds_to_look(self) -> float:
        return max(0.0, self.due - time.monotonic())

    def is_over(self) -> bool:
        """Whether the guest holds more than it may, if it is time to look. It is killed then."""
        now = time.monotonic()
        if now < self.due:
            return False
        if self.guest.group is not None:
            self.due = now + LONGEST_SECONDS
            return self.guest.ran_out_of_memory()
        send(self.suspects, signal.SIGSTOP)  # a search takes time, in which they would grow
        stopped_at = time.monotonic()
        usage = self.guest.usage()
        left = self.left(usage)
        stopped = self.suspects
        if left >= self.bound.coming(usage.processes, now):
            self.suspects, self.exact = set(), Growth()
        else:
            self.suspects, usage = self.guest.stopped_usage()
            stopped = self.suspects
            left = self.left(usage)
            if left < self.limit // UNCOUNTED + self.exact.coming(usage.processes, stopped_at):
                self.guest.kill(self.suspects)
                return True
            self.exact.looked = time.monotonic()
        rate = BYTES_PER_SECOND * min(os.cpu_count() or 1, usage.threads or 1)
        self.due = time.monotonic() + min(max(left / rate, SHORTEST_SECONDS), LONGEST_SECONDS)
        send(stopped, signal.SIGCONT)  # last, since the guest may run before the watcher does
        return False

    def left(self, usage: Usage) -> int:
        return self.limit - sum(usage.processes.values()) - usage.others


class Growth:
    """How much processes grow from one look to the next."""

    def __init__(self) -> None:
        self.looked = 0.0
        self.before: Mapping[int, int] = {}

    def coming(self, processes: Mapping[int, int], now: float) -> float:
        """Return what several growing processes will have added until a signal reaches them.

        A single process has its own limit. What one process gives up to another, such as its share of memory when it
        ends, is no growth.
        """
        growing = sum(held > self.before.get(pid, held) for pid, held in processes.items())
        added = sum(processes.values()) - sum(self.before.values())
        elapsed = max(now - self.looked, SHORTEST_SECONDS)
        self.looked, self.before = now, processes
        return max(added, 0) * REACTION_SECONDS / elapsed if growing > 1 else 0.0


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
