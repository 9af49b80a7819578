"""Measure the overhead of stages that do nothing, inline and local, and commands on 10,000 stages.

The stages are real ones of a real plan, with leases, logs, digests, fsync and publishing. Only training and the warm-up
are left out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.start import seconds
from xdomain.config.experiment import Experiment
from xdomain.config.load import load_experiment
from xdomain.core.files import write_json
from xdomain.plan.graph import Graph, Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import StageSpec
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.base import Executor, Task, TaskExit
from xdomain.schedule.inline import InlineExecutor
from xdomain.schedule.local import LocalExecutor
from xdomain.schedule.scheduler import Scheduler
from xdomain.store.artifact import DONE, MANIFEST, STAGE, digests
from xdomain.store.states import stage_states
from xdomain.store.store import Store

DOMAINS = ("logic", "puzzle", "math", "science", "science_choice", "science_open")
WORKERS = 2
LARGE = {"seeds": 28, "domains": 6}
COMMAND_RUNS = 5


def main() -> None:
    plan = make_plan(seeds=1, domains=4)
    graph = Graph(plan.experiment, {key: stage for key, stage in plan.stages.items() if stage.kind != "evaluate"})
    print(f"{len(graph.stages)} stages that do nothing")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        local = LocalExecutor(WORKERS, 1, preload=("xdomain.worker.preload", "benchmarks.nothing"))
        local.preflight(graph.setup)
        report("local", run(graph, folder / "local", local), graph, limit=0.060)
        import benchmarks.nothing  # noqa: F401  (replaces the work of this process's stages)

        report("inline", run(graph, folder / "inline", InlineExecutor()), graph, limit=0.005)
        large(folder / "large")
        commands(folder / "commands")


def report(name: str, taken: float, graph: Graph, limit: float) -> None:
    each = taken / len(graph.stages)
    print(f"{name:16} {1000 * each:7.1f} ms per stage (limit {1000 * limit:.0f})")


def run(graph: Graph, root: Path, executor: Executor) -> float:
    store = Store(root)
    store.create()
    with closing(executor):
        begun = time.perf_counter()
        outcome = Scheduler(graph, store, executor, lambda event: None).run()
        taken = time.perf_counter() - begun
    if len(outcome.ran) != len(graph.stages):
        raise SystemExit(f"only {len(outcome.ran)} of {len(graph.stages)} stages ran: {outcome.failed}")
    return taken


def large(root: Path) -> None:
    """Measure planning 10,000 stages, reading their state, and the scheduler's own work per stage."""
    begun = time.perf_counter()
    plan = make_plan(**LARGE)
    print(f"\nplanning {len(plan.stages)} stages   {time.perf_counter() - begun:.2f} s")
    for label, graph in (("1,000", make_plan(seeds=3, domains=6)), ("10,000", plan)):
        store = Store(root / label)
        store.create()
        begun = time.perf_counter()
        Scheduler(graph, store, Instant(store), lambda event: None).run()
        each = (time.perf_counter() - begun) / len(graph.stages)
        print(f"scheduling {label:>6} stages   {1000 * each:.2f} ms per stage, including its files")
    begun = time.perf_counter()
    states = stage_states(store, plan.stages.values())
    assert all(state.state == "done" for state in states.values())
    print(f"state of {len(states)} stages   {time.perf_counter() - begun:.2f} s")


def commands(folder: Path) -> None:
    """Measure `grid plan` and `grid status` with every other of 10,000 stages done."""
    folder.mkdir()
    path = folder / "large.yaml"
    write_json(path, settings(**LARGE))
    experiment = load_experiment(path)
    plan = build_plan(experiment, resolve_identities(experiment))
    store = Store(folder / "store")
    store.create()
    for stage in list(plan.stages.values())[::2]:
        finish(store, stage)
    for name in ("plan", "status"):
        command = [sys.executable, "-m", "xdomain", "grid", name, str(path), "--store", str(store.root)]
        seconds(command)  # compiles
        before = os.times()
        taken = median([seconds(command) for _ in range(COMMAND_RUNS)])
        own = (os.times().children_user - before.children_user) / COMMAND_RUNS
        print(f"xdomain grid {name} of {len(plan.stages)} stages, half done   {taken:.2f} s (limit 2), ", end="")
        print(f"{own:.2f} s of them its own work")


def finish(store: Store, stage: StageSpec) -> None:
    """Write the minimal files of a published stage."""
    folder = store.folder(stage)
    folder.mkdir()
    (folder / STAGE).write_text(json.dumps({"done": {"seconds": 1.0}}))
    (folder / MANIFEST).write_text(json.dumps(digests(folder)))
    (folder / DONE).write_text("{}")


class Instant:
    """An executor that reports every task as done at once, to measure only the scheduler."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ended: list[TaskExit] = []

    def preflight(self, experiment: Experiment, *, loads_source: bool = False) -> None:
        """Check nothing."""

    def free_slots(self) -> int:
        return WORKERS - len(self._ended)

    def submit(self, task: Task) -> None:
        for stage in task.stages:
            finish(self._store, stage)
        self._ended.append(TaskExit(task))

    def finished(self, timeout_seconds: float) -> list[TaskExit]:
        ended, self._ended = self._ended, []
        return ended

    def stop(self, *, at_once: bool) -> None:
        """Stop nothing."""

    def close(self) -> None:
        """Close nothing."""


def make_plan(*, seeds: int, domains: int) -> Plan:
    experiment = Experiment.model_validate(settings(seeds=seeds, domains=domains))
    found: dict[str, Any] = {name: {"data": name} for name in experiment.domain_names}
    return build_plan(experiment, Identities({"preset": "tiny_qwen3"}, items=found, verifiers=found, rewards=found))


def settings(*, seeds: int, domains: int) -> dict[str, Any]:
    """Return an experiment with every family of curricula on the first `domains` names."""
    return {
        "name": "nothing",
        "model": {"preset": "tiny_qwen3"},
        "domains": list(DOMAINS[:domains]),
        "grid": {"singles": True, "ordered_pairs": True, "mixed_pairs": True},
        "seeds": list(range(seeds)),
        "training": {"steps": 4, "prompts_per_step": 4, "generations": 4},
        "execution": {"device": "cpu"},
    }


if __name__ == "__main__":
    main()
