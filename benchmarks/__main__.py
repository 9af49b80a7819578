"""Run every benchmark, or those that are named: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

NAMES = (
    *("start", "analysis", "verifiers", "strategies", "grid", "smoke", "execution", "rollouts", "sharding"),
    *("distillation", "command", "evaluation", "view", "engines", "diagnosis", "alarms", "looks", "merging"),
    "predictions",
)


def main() -> None:
    wanted = sys.argv[1:] or NAMES
    for name in wanted:
        if name not in NAMES:
            raise SystemExit(f'There is no benchmark "{name}". Known: {", ".join(NAMES)}.')
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        # One process per benchmark, so that the imports of one do not affect another.
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, cwd=Path(__file__).parents[1])


if __name__ == "__main__":
    main()
