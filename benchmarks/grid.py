"""Compare a two-domain grid with common hand-written loops, and with the bound of the grid's stages.

Prints wall seconds of each and three ratios:

- naive: one fresh process per training run, prefixes trained again, one process per checkpoint and domain, each with
  all cores;
- careful: one process per curriculum that trains its phases and evaluates every checkpoint on every domain; the better
  of one process with two threads and two processes with one thread;
- bound: greedy list scheduling of the grid's own train and generate seconds on the same two workers.

The naive loop runs once (it takes minutes), the careful loops once each, the grid three times (median).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from benchmarks import loops

CURRICULA = [["logic"], ["puzzle"], ["logic", "puzzle"], ["puzzle", "logic"], ["logic+puzzle"]]
EXPERIMENT = f"""
name: bench
model: {{preset: tiny_qwen3, warmup: {{steps: {loops.WARMUP_STEPS}, domains: [logic, puzzle]}}}}
domains: [logic, puzzle]
grid: {{singles: true, ordered_pairs: true, mixed_pairs: true}}
training:
  steps: {loops.STEPS}
  prompts_per_step: {loops.PROMPTS}
  generations: {loops.GENERATIONS}
  learning_rate: {loops.LEARNING_RATE:.6f}
  max_completion_tokens: {loops.MAX_TOKENS}
  rollout: batched
checkpoints: {{every_steps: {loops.EVERY}}}
evaluation: {{items: {loops.ITEMS}, samples: {loops.SAMPLES}, temperature: 1.0}}
execution: {{device: cpu}}
"""
WORKERS = 2
RUNS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "bench.yaml"
        path.write_text(EXPERIMENT)
        grids, bounds = zip(*(run_grid(path, folder / f"grid{run}") for run in range(RUNS)), strict=True)
        careful_one = timed(lambda: careful(folder / "careful1", processes=1, threads=2))
        careful_two = timed(lambda: careful(folder / "careful2", processes=2, threads=1))
        naive_seconds = timed(lambda: naive(folder / "naive"))
    ours, best = median(grids), min(careful_one, careful_two)
    over_bound = median(grid / bound for grid, bound in zip(grids, bounds, strict=True))
    print(f"grid, median of {RUNS}            {ours:7.1f} s")
    print(f"naive loop                    {naive_seconds:7.1f} s   {naive_seconds / ours:5.2f} times the grid (aim: 5)")
    print(f"careful loop, 1 x 2 threads   {careful_one:7.1f} s")
    print(f"careful loop, 2 x 1 thread    {careful_two:7.1f} s")
    print(f"better careful loop           {best:7.1f} s   {best / ours:5.2f} times the grid (aim: 1.8)")
    print(f"list-schedule bound           {median(bounds):7.1f} s   grid / bound {over_bound:5.2f} (limit: 1.15)")


def run_grid(path: Path, root: Path) -> tuple[float, float]:
    """Return the wall seconds of `xdomain grid run` in the fresh store `root`, and the bound of its stages."""
    from xdomain.config.load import load_experiment
    from xdomain.plan.cost import list_schedule_seconds
    from xdomain.plan.graph import build_plan
    from xdomain.resolve.identities import resolve_identities
    from xdomain.store.store import Store

    command = [sys.executable, "-m", "xdomain", "grid", "run", str(path), "--store", str(root), "-j", str(WORKERS)]
    seconds = timed(lambda: run(command, threads=1))
    experiment = load_experiment(path)
    plan, store = build_plan(experiment, resolve_identities(experiment)), Store(root)
    own = {key: own_seconds(store.result(stage)["summary"]) for key, stage in plan.stages.items()}
    return seconds, list_schedule_seconds(plan, own, WORKERS)


def own_seconds(summary: dict[str, float]) -> float:
    """Return the seconds of a stage's own work: warm-up, optimizer steps with their rollouts, or generation."""
    return summary.get("step_seconds") or summary.get("generate_seconds") or summary["seconds"]


def naive(folder: Path) -> None:
    base = folder / "base"
    script("base", base, threads=2)
    evaluate_all(base)
    for phases in CURRICULA:
        parent = base
        for number, phase in enumerate(phases):
            out = folder / f"{'-'.join(phases)}-{number}"
            script("train", parent, out, phase, threads=2)
            for step in range(loops.EVERY, loops.STEPS + 1, loops.EVERY):
                evaluate_all(out / f"checkpoint-{step}")
            parent = out / f"checkpoint-{loops.STEPS}"


def evaluate_all(checkpoint: Path) -> None:
    for name in loops.DOMAINS:
        script("evaluate", checkpoint, name, threads=2)


def careful(folder: Path, *, processes: int, threads: int) -> None:
    base = folder / "base"
    script("base", base, threads=2)
    evaluate_all(base)
    with ThreadPoolExecutor(processes) as pool:
        jobs = [
            pool.submit(script, "curriculum", base, folder / "-".join(phases), *phases, threads=threads)
            for phases in sorted(CURRICULA, key=len, reverse=True)
        ]
        for job in jobs:
            job.result()


def say_cores() -> None:
    if shutil.which("taskset") and (os.cpu_count() or 1) > WORKERS:
        print(f"This machine has {os.cpu_count()} cores; the figures in the docs are for {WORKERS} (taskset -c 0,1).")


def script(*arguments: str | Path, threads: int) -> None:
    run([sys.executable, "-m", "benchmarks.loops", *map(str, arguments)], threads)


def run(command: list[str], threads: int) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}")


def timed(action) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


if __name__ == "__main__":
    say_cores()
    main()
