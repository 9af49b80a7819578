"""Compare one process that swaps 12 checkpoints on 4 domains with one process per checkpoint and domain.

Every process is a fresh interpreter that evaluates through `run_evaluations`, as workers do. The 48 single processes
differ only in their weights and items. A few of them run, spread over checkpoints and domains, and their mean is
multiplied by 48; the output says so. Their records must equal those of the one process. vLLM is measured if it is
installed:

    .venv-vllm/bin/python -m benchmarks.engines
    python -m benchmarks.engines --device cuda
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DOMAINS = ("logic", "puzzle", "science", "math")
CHECKPOINTS = 12
SINGLE = ((0, 0), (4, 1), (7, 2), (11, 3))
"""Checkpoint and domain of the single processes that run."""
AIMS = {"transformers": 3, "vllm": 5}
ITEMS, SAMPLES, MAX_TOKENS = 50, 2, 24


def main(device: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_checkpoints(folder)
        for backend, aim in AIMS.items():
            if backend == "vllm" and importlib.util.find_spec("vllm") is None:
                print("vllm           not installed here: make test-vllm, then see this file's head")
                continue
            compare(backend, folder, aim, device)


def compare(backend: str, folder: Path, aim: int, device: str) -> None:
    everything = [(checkpoint, domain) for checkpoint in range(CHECKPOINTS) for domain in range(len(DOMAINS))]
    together = timed(backend, folder, "together", everything, device)
    singles = [timed(backend, folder, f"single{number}", [pair], device) for number, pair in enumerate(SINGLE)]
    for number, (checkpoint, domain) in enumerate(SINGLE):
        if records(folder, backend, f"single{number}", checkpoint, domain) != records(
            folder, backend, "together", checkpoint, domain
        ):
            raise SystemExit(f"{backend}: checkpoint {checkpoint} gives other answers in a separate process")
    mean = sum(singles) / len(singles)
    ratio = mean * len(everything) / together
    print(f"{backend:14} one process, {CHECKPOINTS} checkpoints x {len(DOMAINS)} domains   {together:7.1f} s")
    print(f"{'':14} one process each: {mean:.1f} s, mean of {len(singles)}; x {len(everything)} = ", end="")
    print(f"{mean * len(everything):.0f} s   {ratio:.1f} times as long (aim: {aim}), load {os.getloadavg()[0]:.1f}")
    totals = json.loads((folder / backend / "together" / "totals.json").read_text())
    tokens, seconds = totals["completion_tokens"], totals["generate_seconds"]
    print(
        f"{'':14} {device}: {tokens / seconds:.0f} new tokens a second while generating, "
        f"which is {100 * seconds / together:.0f}% of the one process's time",
        flush=True,
    )


def timed(backend: str, folder: Path, run: str, pairs: list[tuple[int, int]], device: str) -> float:
    """Return the wall seconds of a process that evaluates `pairs`, its start included."""
    words = [f"{checkpoint},{domain}" for checkpoint, domain in pairs]
    command = [sys.executable, "-m", "benchmarks.engines", "--device", device, "--run", backend, str(folder), run]
    command += words
    begun = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}")
    return time.perf_counter() - begun


def make_checkpoints(folder: Path) -> None:
    from xdomain.core.artifact_layout import checkpoint_folder
    from xdomain.models.checkpoint import save_full
    from xdomain.models.tiny import tiny_qwen3

    for number in range(CHECKPOINTS):
        model, tokenizer = tiny_qwen3(number)
        save_full(model, tokenizer, checkpoint_folder(folder / f"stage{number}", 0), chat_template=False)


def evaluate(backend: str, folder: Path, run: str, pairs: list[tuple[int, int]], device: str) -> None:
    import torch

    from xdomain.config.evaluation import EvaluationConfig
    from xdomain.config.setups import EvaluationSetup
    from xdomain.core.stage import StageContext
    from xdomain.evaluate.run import run_evaluations
    from xdomain.plan.evaluations import EvaluationPlan
    from xdomain.plan.identity import Identities
    from xdomain.plan.stage import CheckpointRef

    torch.set_num_threads(1)
    setup = EvaluationSetup(
        domains=DOMAINS,
        evaluation=EvaluationConfig(
            items=ITEMS, samples=SAMPLES, temperature=1.0, backend=backend, max_completion_tokens=MAX_TOKENS
        ),
    )
    named: dict[str, Any] = {name: {} for name in DOMAINS}
    plan = EvaluationPlan(setup, Identities({}, named, named, named))
    stages, contexts = [], []
    for checkpoint, domain in pairs:
        stage = f"stage{checkpoint}"
        work = work_folder(folder, backend, run, checkpoint, domain)
        (work / "scratch").mkdir(parents=True)
        stages.append(plan.stage(CheckpointRef(stage, 0), stage, DOMAINS[domain], work.name))
        contexts.append(StageContext(work, work / "scratch", {stage: folder / stage}, 0, device, Silent()))
    totals = {"completion_tokens": 0, "generate_seconds": 0.0}
    for each, result in run_evaluations(stages, contexts):
        if isinstance(result, Exception):
            raise SystemExit(f"{each.title}: {result}")
        totals = {name: value + result.summary[name] for name, value in totals.items()}
    (folder / backend / run / "totals.json").write_text(json.dumps(totals))


class Silent:
    """A reporter that does nothing."""

    def progress(self, done: int, total: int, **values: Any) -> None:
        """Do nothing."""

    def event(self, kind: str, **values: Any) -> None:
        """Do nothing."""


def work_folder(folder: Path, backend: str, run: str, checkpoint: int, domain: int) -> Path:
    return folder / backend / run / f"{checkpoint}-{DOMAINS[domain]}"


def records(folder: Path, backend: str, run: str, checkpoint: int, domain: int) -> list[str]:
    import pandas as pd

    table = pd.read_parquet(work_folder(folder, backend, run, checkpoint, domain) / "records.parquet")
    return list(table["completion"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument(
        "--run", nargs="+", help="evaluate in this process: backend, folder, run, checkpoint,domain ..."
    )
    options = parser.parse_args()
    if options.run:
        backend, folder, run, *words = options.run
        pairs = [(int(checkpoint), int(domain)) for checkpoint, domain in (word.split(",") for word in words)]
        evaluate(backend, Path(folder), run, pairs, options.device)
    else:
        main(options.device)
