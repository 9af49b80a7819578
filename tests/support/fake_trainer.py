"""A trainer of another project, small: it obeys docs/reference/engine-contract.md and imports nothing of xdomain.

A step moves every weight by random numbers of the stage's seed, scaled by the mean reward of made-up completions. After
each step it saves its state, so that it goes on after a kill. Words before the task file make it misbehave:
`kill=3` ends it by SIGKILL after step 3, once; `sleep=60` lets it sleep after step 1; `exit=3` ends it at once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file


def rewards(task: dict[str, Any], prompts: list[dict[str, Any]]) -> list[float | None]:
    body = {
        "domain": [prompt["domain"] for prompt in prompts],
        "index": [prompt["index"] for prompt in prompts],
        "completions": [str(prompt["index"] % 10) for prompt in prompts],
    }
    headers = {"Authorization": f"Bearer {task['reward']['token']}"}
    request = urllib.request.Request(task["reward"]["url"], json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        found: list[float | None] = json.load(answer)["rewards"]
    return found


def save(weights: dict[str, np.ndarray], target: Path, parent: Path) -> None:
    """Write a checkpoint folder whole or not at all."""
    partial = target.with_name(f"partial-{target.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    shutil.copy(parent / "config.json", partial)
    save_file(weights, partial / "model.safetensors")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def main(task: dict[str, Any], words: dict[str, str]) -> None:
    if "exit" in words:
        sys.exit(int(words["exit"]))
    parent, output, state = (Path(task[name]) for name in ("parent", "output", "state"))
    schedule = [json.loads(line) for line in Path(task["prompts"]).read_text().splitlines()]
    saved = sorted(state.glob("step-*"))
    weights = load_file((saved[-1] if saved else parent) / "model.safetensors")
    done = int(saved[-1].name.removeprefix("step-")) if saved else 0
    for step in range(done + 1, task["steps"] + 1):
        each = [reward or 0.0 for reward in rewards(task, [line for line in schedule if line["step"] == step])]
        generator = np.random.default_rng([task["seed"], step])
        size = task["training"].get("learning_rate", 1e-4) * (1 + sum(each) / len(each))
        for name in sorted(weights):
            noise = generator.standard_normal(weights[name].shape)
            weights[name] = weights[name] + np.float32(size) * noise.astype(np.float32)
        with open(task["metrics"], "a") as metrics:
            metrics.write(json.dumps({"step": step, "reward": sum(each) / len(each)}) + "\n")
        if step in task["checkpoint_steps"]:
            save(weights, output / f"step-{step:06d}", parent)
        save(weights, state / f"step-{step:06d}", parent)
        mark = state / "was-killed"
        if words.get("kill") == str(step) and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "sleep" in words:
            time.sleep(float(words["sleep"]))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[-1]).read_text()), dict(word.split("=") for word in sys.argv[1:-1]))
