"""Search users' regular expressions with a time limit, since some backtrack almost without end."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from functools import cache
from typing import cast

from xdomain.core.limits import LimitExceeded, limited
from xdomain.domains.worker_pool import Failure, WorkerPool

LONGEST_SECONDS = 2.0
MOST_MEBIBYTES = 512


def last_match(pattern: str, text: str) -> str | None:
    """Return group 1 of the last match of `pattern`, or the whole match if there are no groups; None without a match.

    An alarm ends a search in the main thread. Other threads do not receive alarms, so they use a child process.

    Raises:
        LimitExceeded: The search takes longer than `LONGEST_SECONDS`.
    """
    if threading.current_thread() is threading.main_thread():
        with limited(LONGEST_SECONDS, MOST_MEBIBYTES):
            return search(pattern, text)
    (reply,) = _pool(os.getpid()).map([[pattern, text]], LONGEST_SECONDS)
    if isinstance(reply, Failure):
        timed_out = reply.reason == "timeout"
        raise LimitExceeded(f"takes longer than {LONGEST_SECONDS:g} seconds" if timed_out else "could not be searched")
    return cast("str | None", reply)


def search(pattern: str, text: str) -> str | None:
    """Return the same as `last_match`, without a time limit."""
    found = None
    for match in re.finditer(pattern, text, re.MULTILINE):
        found = match
    if found is None:
        return None
    return cast("str | None", found.group(1) if found.re.groups else found.group(0))


@cache
def _pool(_process: int) -> WorkerPool:
    """Return the child process of this process. A forked process needs its own."""
    return WorkerPool("xdomain.domains.patterns", 1)


def main() -> None:
    """Answer jobs of pattern and text, one per line."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    sys.stdout.write('"ready"\n')
    sys.stdout.flush()
    for line in sys.stdin:
        pattern, text = json.loads(line)
        signal.alarm(int(LONGEST_SECONDS) + 2)  # ends this process if the parent is gone
        sys.stdout.write(json.dumps(search(pattern, text)) + "\n")
        sys.stdout.flush()
        signal.alarm(0)


if __name__ == "__main__":
    main()
