"""Measure what a stage by a command takes besides the command: files, guard, scorer, checks of its checkpoints.

The stage is "math" of the smoke grid: 120 steps of 16 prompts with checkpoints at 40, 80 and 120. Its items are read
beforehand, as a worker server does. The command writes the parent's weights as every checkpoint, and reports how long
it ran.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from xdomain.config.experiment import Experiment
from xdomain.config.load import load_experiment
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.stage import StageContext
from xdomain.core.states import NoteKind
from xdomain.domains.build import build_domain
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.item_cache import PROCESS_ITEMS
from xdomain.models.checkpoint import save_full
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.graph import build_plan
from xdomain.plan.stage import TrainStage
from xdomain.resolve.identities import resolve_identities
from xdomain.train.run import run_train

RUNS = 5
LIMIT_SECONDS = 1.0
COMMAND = """
import json, os, shutil, sys, time
begun = time.perf_counter()
task = json.load(open(sys.argv[-1]))
for step in task["checkpoint_steps"]:
    shutil.copytree(task["parent"], os.path.join(task["output"], f"step-{step:06d}"))
with open(task["metrics"], "w") as metrics:
    json.dump({"step": task["steps"], "seconds": time.perf_counter() - begun}, metrics)
    metrics.write("\\n")
"""


class Silent:
    """A reporter that tells nobody."""

    def progress(self, done: int, total: int, **values: Any) -> None:
        pass

    def event(self, kind: NoteKind, **values: Any) -> None:
        pass


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "copy.py").write_text(COMMAND)
        experiment = load_experiment(Path("experiments/smoke.yaml"), overrides(folder))
        plan = build_plan(experiment, resolve_identities(experiment))
        stage = next(stage for stage in plan.train_stages if stage.title == "math, seed 0")
        domain = build_domain("math")
        assert isinstance(domain, DataDomain)
        PROCESS_ITEMS.fill(domain.config, domain.source)
        base = folder / "stages" / "base"
        model, tokenizer = tiny_qwen3()
        save_full(model, tokenizer, checkpoint_folder(base, 0), chat_template=False)
        taken = [run(experiment, stage, base, folder / f"{number}") for number in range(RUNS + 1)][1:]
        wall, own = (median(each) for each in zip(*taken, strict=True))
        print(f"a stage besides its command   {wall:.2f} s (median of {RUNS}, limit {LIMIT_SECONDS:g}), ", end="")
        print(f"{own:.2f} s of processor time in the worker")


def overrides(folder: Path) -> list[str]:
    engine = {"command": ["python", "copy.py"], "version": "1", "folder": str(folder)}
    received = ["generations", "learning_rate", "max_completion_tokens"]
    return [f"training.engine={json.dumps(engine | {'receives': received})}"]


def run(experiment: Experiment, stage: TrainStage, base: Path, root: Path) -> tuple[float, float]:
    """Run the stage; return its seconds without those that the command measured, and the worker's processor time."""
    work = root / "stages" / stage.folder
    work.mkdir(parents=True)
    context = StageContext(work, root / "scratch", {stage.parent.stage: base}, 7, "cpu", Silent())
    begun, processor_begun = time.perf_counter(), time.process_time()
    if not run_train(experiment.training_setup, stage, context).finished:
        sys.exit("the stage did not finish")
    seconds, own = time.perf_counter() - begun, time.process_time() - processor_begun
    return seconds - float(json.loads((work / "metrics.jsonl").read_text())["seconds"]), own


if __name__ == "__main__":
    main()
