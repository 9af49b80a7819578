"""The child process that scores answers with reasoning-gym.

It reads JSON lines `{task, index, answer}`, and writes a score or the name of an error for each.
"""

from __future__ import annotations

import json
import resource
import signal
import sys

MEMORY_BYTES = 4 << 30
ALARM_SECONDS = 20
"""Time after which this process ends if a scorer hangs and the parent is gone."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from xdomain.domains.sources.reasoning_gym import open_task_cached

    replies, sys.stdout = sys.stdout, sys.stderr  # some tasks print
    print(json.dumps("ready"), file=replies, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        data = open_task_cached(json.dumps(job["task"]))
        signal.alarm(ALARM_SECONDS)
        try:
            reply: float | str = float(data.score_answer(answer=job["answer"], entry=data[job["index"]]))
        except Exception as error:  # scorers may raise anything; the error becomes the verdict's reason
            reply = type(error).__name__
        signal.alarm(0)
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
