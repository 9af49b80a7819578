"""Run lm-evaluation-harness in its own process, on a model folder or hub id, and find the samples that it logged.

It may be installed in another environment, whose interpreter `XDOMAIN_LM_EVAL_PYTHON` names.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xdomain.core.errors import DependencyMissing, StageError, StoreError
from xdomain.core.files import read_json, write_json
from xdomain.core.secrets import mask

PYTHON_VARIABLE = "XDOMAIN_LM_EVAL_PYTHON"
SAMPLE_FILE = re.compile(r"samples_(.+)_\d{4}-\d{2}-\d{2}T[\d.:-]+\.jsonl")
LAST_LINES = 5
DONE = "done.json"
"""Name of the file that marks a folder of results as complete."""


@dataclass(frozen=True)
class HarnessModel:
    """A model as lm-evaluation-harness loads it.

    Attributes:
        arguments: Value of its option `--model_args`.
        chat_template: Whether prompts go through the tokenizer's chat template.
    """

    arguments: Mapping[str, str]
    chat_template: bool


def harness_python() -> str:
    """Return the interpreter that has `lm_eval`: the one that the environment variable names, or by default ours.

    Raises:
        DependencyMissing: `lm_eval` is not installed there.
    """
    named = os.environ.get(PYTHON_VARIABLE)
    if named is None and importlib.util.find_spec("lm_eval") is not None:
        return sys.executable
    if named is not None:
        found = subprocess.run([named, "-c", "import lm_eval"], capture_output=True, check=False).returncode == 0  # noqa: S603 -- the user's own interpreter
        if found:
            return named
    raise DependencyMissing(
        "lm-evaluation-harness is not installed" + (f" for {named}." if named else "."),
        where="--lm-eval",
        fix=f"pip install 'lm-eval[hf]' here, or in a separate environment, and set {PYTHON_VARIABLE} to its python.",
    )


def checkpoint_model(folder: Path) -> HarnessModel:
    """Return a published checkpoint as lm-evaluation-harness loads it.

    Raises:
        StoreError: The checkpoint has no weights, or is an adapter on an adapter, which only xdomain can load.
    """
    info = read_json(folder / "checkpoint.json")
    if info["format"] == "endpoint":
        raise StoreError(
            "is a model behind an endpoint, which has no weights to load.",
            where=str(folder),
            fix="Run lm-evaluation-harness against the endpoint itself, or evaluate with --domains.",
        )
    arguments = {"pretrained": str(folder), "dtype": str(info["dtype"])}
    if info["foundation"] is not None:
        below = (folder / info["foundation"]).resolve()
        if read_json(below / "checkpoint.json")["foundation"] is not None:
            raise StoreError(
                "is an adapter on an adapter, which lm-evaluation-harness cannot load.",
                where=str(folder),
                fix="Evaluate it with --domains.",
            )
        arguments |= {"pretrained": str(below), "peft": str(folder)}
    return HarnessModel(arguments, bool(info["chat_template"]))


def run_harness(
    model: HarnessModel, tasks: str, out: Path, *, limit: int | None, seed: int, extra: str
) -> dict[str, Path]:
    """Evaluate a model and return the samples file of each task. A complete folder of results is not evaluated again.

    Args:
        model: The model.
        tasks: Names of tasks, separated by commas, as in its option `--tasks`.
        out: Folder for its results.
        limit: Number of documents per task, from the first; None for all.
        seed: Seed of sampling.
        extra: Further options of lm-evaluation-harness, as typed on a command line.

    Raises:
        DependencyMissing: lm-evaluation-harness is not installed.
        StageError: It failed, or logged no samples. The error holds the last lines of its log.
    """
    if (out / DONE).is_file():
        return sample_files(out)
    command = [harness_python(), "-m", "lm_eval", "run", "--model", "hf", "--tasks", tasks, "--output_path", str(out)]
    command += ["--model_args", ",".join(f"{name}={value}" for name, value in model.arguments.items())]
    command += ["--log_samples", "--seed", str(seed)]
    command += ["--limit", str(limit)] if limit is not None else []
    command += ["--apply_chat_template"] if model.chat_template else []
    command += shlex.split(extra)
    out.mkdir(parents=True, exist_ok=True)
    log = out / "lm-eval.log"
    with log.open("w") as handle:
        ended = subprocess.run(command, stdout=handle, stderr=subprocess.STDOUT, check=False)  # noqa: S603 -- no shell
    log.write_text(mask(log.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
    if ended.returncode != 0:
        raise StageError(f"lm-evaluation-harness failed: {last_lines(log)}", where=str(log), fix=shlex.join(command))
    found = sample_files(out)
    if not found:
        raise StageError("lm-evaluation-harness logged no samples.", where=str(log), fix=shlex.join(command))
    write_json(out / DONE, {"command": [mask(word) for word in command]})
    return found


def sample_files(folder: Path) -> dict[str, Path]:
    """Return the samples file of each task below a folder. If there are several, the latest is taken."""
    named = [
        (match[1], path) for path in sorted(folder.rglob("samples_*.jsonl")) if (match := SAMPLE_FILE.match(path.name))
    ]
    return dict(named)


def last_lines(log: Path) -> str:
    """Return the last lines of a log, which usually name the reason of a failure."""
    lines: Sequence[str] = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " / ".join(line.strip() for line in lines[-LAST_LINES:])
