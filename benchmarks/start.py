"""Compare the start of `xdomain --help` and `grid plan` of the smoke grid with importing their libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median

RUNS = 15
REFERENCE = "import typer, pydantic, rich, yaml"
COMMANDS = {
    REFERENCE: [sys.executable, "-c", REFERENCE],
    "xdomain --help": [sys.executable, "-m", "xdomain", "--help"],
    "grid plan": [sys.executable, "-m", "xdomain", "grid", "plan", "experiments/smoke.yaml"],
}


def main() -> None:
    times = {name: [seconds(command)] for name, command in COMMANDS.items()}  # the first runs compile
    for _ in range(RUNS):
        for name, command in COMMANDS.items():  # in turn: a machine's speed changes with its neighbours
            times[name].append(seconds(command))
    reference = times.pop(REFERENCE)[1:]
    print(f"{REFERENCE:36} {median(reference):.2f} s (median of {RUNS})")
    for name, taken in times.items():
        ratio = median(each / beside for each, beside in zip(taken[1:], reference, strict=True))
        print(f"{name:36} {median(taken[1:]):.2f} s, {ratio:.2f} times (limit 3)")


def seconds(command: list[str]) -> float:
    # Compiled once, as pip does it for the libraries; a machine may be set not to.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
