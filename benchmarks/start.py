"""Starting: `xdomain --help` and `grid plan` of the smoke grid against importing the libraries they need."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

RUNS = 9
REFERENCE = [sys.executable, "-c", "import typer, pydantic, rich, yaml"]
COMMANDS = {
    "xdomain --help": [sys.executable, "-m", "xdomain", "--help"],
    "grid plan": [sys.executable, "-m", "xdomain", "grid", "plan", "experiments/smoke.yaml"],
}


def main() -> None:
    reference = seconds(REFERENCE)
    print(f"import typer, pydantic, rich, yaml   {reference:.2f} s (median of {RUNS})")
    for name, command in COMMANDS.items():
        taken = seconds(command)
        print(f"{name:36} {taken:.2f} s, {taken / reference:.2f} times (limit 3)")


def seconds(command: list[str]) -> float:
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - begun)
    return median(times)


if __name__ == "__main__":
    main()
