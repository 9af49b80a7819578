"""Overhead of stages that do nothing, inline and local, against Snakemake on the same graph; 10,000 stages.

The stages are real ones of a real plan: leases, logs, digests, fsync and publishing happen; only training and warming
up are replaced by nothing. Snakemake runs `touch` for each, from PATH, and is left out where it is not installed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from xdomain.config.experiment import Experiment
from xdomain.execute.base import Ended, Executor, Task
from xdomain.execute.export import as_snakefile, exported_tasks
from xdomain.execute.inline import InlineExecutor
from xdomain.execute.local import LocalExecutor
from xdomain.execute.scheduler import Scheduler
from xdomain.plan.graph import Graph, Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.store.states import stage_states
from xdomain.store.store import DONE, Store

DOMAINS = ("logic", "puzzle", "math", "science", "science_choice", "science_open")
WORKERS = 2


def main() -> None:
    plan = make_plan(seeds=1, domains=4)
    graph = Graph(plan.experiment, {key: stage for key, stage in plan.stages.items() if stage.kind != "evaluate"})
    print(f"{len(graph.stages)} stages that do nothing")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        local = LocalExecutor(WORKERS, 1, preload=("xdomain.execute.preload", "benchmarks.nothing"))
        local.preflight(graph.experiment)
        ours = report("local", run(graph, folder / "local", local), graph, limit=0.060)
        import benchmarks.nothing  # noqa: F401  (replaces the work of this process's stages)

        report("inline", run(graph, folder / "inline", InlineExecutor()), graph, limit=0.005)
        snakemake = shutil.which("snakemake")
        if snakemake is None:
            print("snakemake is not on PATH: no comparison")
        else:
            seconds = run_snakemake(graph, folder / "snakemake", snakemake)
            each = 1000 * seconds / len(graph.stages)
            print(f"snakemake, -j {WORKERS}   {each:7.1f} ms a stage, {seconds / ours:.2f} times local")
        large(folder / "large")


def report(name: str, seconds: float, graph: Graph, limit: float) -> float:
    each = seconds / len(graph.stages)
    print(f"{name:16} {1000 * each:7.1f} ms a stage (limit {1000 * limit:.0f})")
    return seconds


def run(graph: Graph, root: Path, executor: Executor) -> float:
    store = Store(root)
    store.create()
    with closing(executor):
        begun = time.perf_counter()
        outcome = Scheduler(graph, store, executor, lambda event: None).run()
        seconds = time.perf_counter() - begun
    if len(outcome.ran) != len(graph.stages):
        raise SystemExit(f"only {len(outcome.ran)} of {len(graph.stages)} stages ran: {outcome.failed}")
    return seconds


def run_snakemake(graph: Graph, folder: Path, snakemake: str) -> float:
    """Wall seconds of the same graph of empty commands; Snakemake's own start is in it."""
    folder.mkdir()
    tasks = exported_tasks(graph, ["true", "#"])
    (folder / "Snakefile").write_text("\n".join(as_snakefile(tasks)))
    command = [snakemake, "--cores", str(WORKERS), "--quiet", "all"]
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begun


def large(root: Path) -> None:
    """10,000 stages: planning, the state of all, and what the scheduler itself does for one."""
    begun = time.perf_counter()
    plan = make_plan(seeds=28, domains=6)
    print(f"\nplanning {len(plan.stages)} stages   {time.perf_counter() - begun:.2f} s (limit 2)")
    for label, graph in (("1,000", make_plan(seeds=3, domains=6)), ("10,000", plan)):
        store = Store(root / label)
        store.create()
        begun = time.perf_counter()
        Scheduler(graph, store, Instant(store), lambda event: None).run()
        each = (time.perf_counter() - begun) / len(graph.stages)
        print(f"scheduling {label:>6} stages   {1000 * each:.2f} ms a stage, its file and token included")
    begun = time.perf_counter()
    states = stage_states(store, plan.stages.values())
    assert all(state.state == "done" for state in states.values())
    print(f"state of {len(states)} stages   {time.perf_counter() - begun:.2f} s (limit of `grid status` 2)")


class Instant:
    """Says at once that every task is done, for the scheduler's own share."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended: list[Ended] = []

    def preflight(self, experiment: Experiment) -> None:
        """Nothing to check."""

    def free_slots(self) -> int:
        return WORKERS - len(self._ended)

    def submit(self, task: Task) -> None:
        for stage in task.stages:
            self._store.folder(stage).mkdir()
            (self._store.folder(stage) / DONE).write_text("{}")
        self._ended.append(Ended(task))

    def finished(self, timeout_seconds: float) -> list[Ended]:
        ended, self._ended = self._ended, []
        return ended

    def stop(self, *, at_once: bool) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing is left."""


def make_plan(*, seeds: int, domains: int) -> Plan:
    names = DOMAINS[:domains]
    experiment = Experiment.model_validate(
        {
            "name": "nothing",
            "model": {"preset": "tiny_qwen3"},
            "domains": names,
            "grid": {"singles": True, "ordered_pairs": True, "mixed_pairs": True},
            "seeds": list(range(seeds)),
            "training": {"steps": 4, "prompts_per_step": 4, "generations": 4},
            "execution": {"device": "cpu"},
        }
    )
    found: dict[str, Any] = {name: {"data": name} for name in names}
    return build_plan(experiment, Identities(model={"preset": "tiny_qwen3"}, domains=found, rewards=found))


if __name__ == "__main__":
    main()
