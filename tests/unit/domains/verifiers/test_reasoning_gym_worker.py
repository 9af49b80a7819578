"""The child that scores with reasoning-gym: JSON lines in and out."""

from __future__ import annotations

import json
import subprocess
import sys

from xdomain.domains.sources.reasoning_gym import open_task

TASK = {"name": "chain_sum", "seed": 3, "size": 5, "parameters": {}}


def test_it_scores_line_by_line() -> None:
    gold = open_task(TASK)[1]["answer"]
    jobs = [{"task": TASK, "index": 0, "answer": "no number"}, {"task": TASK, "index": 1, "answer": gold}]
    ended = subprocess.run(
        [sys.executable, "-m", "xdomain.domains.verifiers.reasoning_gym_worker"],
        input="".join(json.dumps(job) + "\n" for job in jobs),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    ready, wrong, right = map(json.loads, ended.stdout.splitlines())
    assert ready == "ready"
    assert 0 <= wrong < 0.99
    assert right == 1
