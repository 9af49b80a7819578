"""A grid that runs in seconds, driven through the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastjsonschema
import pandas as pd

REPOSITORY = Path(__file__).parents[2]
WAIT_SECONDS = 900
"""The longest wait for a command or a moment; only a machine that is busy with much else takes so long."""
TEXT = """
name: small
model: {preset: tiny_qwen3, warmup: {steps: 80, examples_per_step: 32, domains: [logic, puzzle]}}
domains: [logic, puzzle]
grid: {singles: true, ordered_pairs: true, mixed_pairs: true}
training:
  {steps: 4, prompts_per_step: 4, generations: 4, learning_rate: 1.0e-3, max_completion_tokens: 8}
checkpoints: {every_steps: 2}
evaluation: {items: 24, samples: 2, temperature: 1.0}
execution: {workers: 2, device: cpu}
"""
STAGES = 1 + 5 + 2 * (1 + 2 * 5)


def write_experiment(folder: Path, text: str = TEXT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.yaml"
    path.write_text(text)
    return path


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "xdomain", *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200", "CI": "true"}


def xdomain(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and compare its exit code."""
    ended = subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment(), timeout=WAIT_SECONDS, check=False
    )
    assert ended.returncode == code, f"exit {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended


def run_events(*arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    """What `grid run --json` prints, each line held against the documented schema."""
    return checked_events(xdomain("grid", "run", *arguments, "--json", code=code).stdout)


def checked_events(text: str) -> list[dict[str, Any]]:
    """JSON lines, each held against the documented schema of run events."""
    schema = json.loads((REPOSITORY / "docs" / "reference" / "run-events.schema.json").read_text())
    check = fastjsonschema.compile(schema)
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        check(event)
    return events


def plan(experiment: Path, store: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(xdomain("grid", "plan", experiment, "--store", store, "--json").stdout)
    return found


def all_records(store: Path) -> pd.DataFrame:
    """Every published record in one order."""
    frames = [pd.read_parquet(path) for path in sorted((store / "stages").glob("evaluate-*/records.parquet"))]
    return pd.concat(frames).sort_values(["stage_key", "item_id", "sample"]).reset_index(drop=True)


def weights(store: Path) -> dict[str, str]:
    """Published digest of every checkpoint's weights."""
    found = {}
    for path in sorted((store / "stages").glob("*/manifest.json")):
        for name, digest in json.loads(path.read_text()).items():
            if name.endswith(".safetensors"):
                found[f"{path.parent.name}/{name}"] = digest
    return found
