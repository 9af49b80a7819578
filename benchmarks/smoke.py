"""Compare the smoke grid, with the start of its workers, with the list-schedule bound of its stages' own seconds.

The bound is `xdomain.plan.cost.list_schedule_seconds` of the seconds that the stages recorded: warm-up, steps with
their rollouts, generation. It is measured once, because it takes minutes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.grid import WORKERS, run_grid, say_cores

SMOKE = Path(__file__).parents[1] / "experiments" / "smoke.yaml"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seconds, bound = run_grid(SMOKE, Path(folder) / "store")
    print(f"smoke grid, -j {WORKERS}   {seconds:.1f} s")
    print(f"list-schedule bound {bound:.1f} s   grid / bound {seconds / bound:.2f} (limit: 1.15)")


if __name__ == "__main__":
    say_cores()
    main()
