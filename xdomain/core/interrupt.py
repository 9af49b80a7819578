"""Handle Ctrl-C in commands that only watch other processes."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

LOOK_SECONDS = 0.2


class Interrupt:
    """A context in which SIGINT is recorded, so that only `pause` raises KeyboardInterrupt.

    Python would raise it at any point of the program, where a destructor or a callback may swallow it. It would not
    raise it at all in a background process, because a shell makes those ignore SIGINT.
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
        """Sleep for `seconds`.

        Raises:
            KeyboardInterrupt: SIGINT arrived since the context was entered.
        """
        end = time.monotonic() + seconds
        while not self._came and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))  # `sleep` continues after a signal
        if self._came:
            raise KeyboardInterrupt

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._came = True
