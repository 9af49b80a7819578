"""Ctrl-C for commands that follow what others do."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

LOOK_SECONDS = 0.2


class Interrupt:
    """Within it SIGINT is remembered, and `pause` raises KeyboardInterrupt.

    Python's own way is to raise wherever the program happens to be, which a destructor or a callback swallows; and a
    shell lets what it starts in the background ignore SIGINT, so that nothing would be raised at all.
    """

    def __init__(self) -> None:
        self._came = False
        self._previous: Any = None

    def __enter__(self) -> Interrupt:
        self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def pause(self, seconds: float) -> None:
        """Sleep.

        Raises:
            KeyboardInterrupt: SIGINT came since the beginning.
        """
        end = time.monotonic() + seconds
        while not self._came and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))  # it sleeps on after a signal
        if self._came:
            raise KeyboardInterrupt

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._came = True
