"""A few made-up rows in the shape of the data that the papers' experiments read, so that their files can be planned.

    python -m experiments.stand_ins FOLDER
    XDOMAIN_DATA=FOLDER xdomain grid plan experiments/cgpo.yaml

They load, plan and validate `when-domains-interact.yaml`, `cgpo.yaml` and `care-rl.yaml`; nothing can be learned from
them, and a plan's keys are those of these rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

ROWS = 12
SUM, OTHER_SUM = ("What is {}+1?", "{}"), ("What is {}+2?", "{}")
CHOICE, OTHER_CHOICE = ("Which {}? A) x B) y", "A"), ("Which other {}? A) x B) y", "B")
PROGRAM, OTHER_PROGRAM = (
    (f"{verb} {{}} and a number read from stdin.", json.dumps([{"input": "1\n", "output": "2\n"}]))
    for verb in ("Add", "Multiply")
)
VERL: dict[str, tuple[str, Any]] = {
    "when-domains-interact/skywork-Math-5k": SUM,
    "when-domains-interact/math-500": OTHER_SUM,
    "when-domains-interact/nvidia-Science-5k": CHOICE,
    "when-domains-interact/gpqa-diamond": OTHER_CHOICE,
    "when-domains-interact/kk_Logic_5k": ("Zoey and Oliver, {}", {"solution_text_format": "(1) Zoey is a knave"}),
    "when-domains-interact/kk_Logic_700": ("Ann and Bob, {}", {"solution_text_format": "(1) Ann is a knave"}),
    "when-domains-interact/puzzle-train-5k": ("Puzzle {}", "{}"),
    "when-domains-interact/puzzle-test-395": ("Test puzzle {}", "{}"),
    "guru/train/math__combined_54.4k": SUM,
    "guru/offline_eval/math__math_500": OTHER_SUM,
    "guru/train/codegen__leetcode2k_1.3k": PROGRAM,
    "guru/offline_eval/codegen__humaneval_164": OTHER_PROGRAM,
    "guru/train/stem__web_3.6k": SUM,
    "guru/offline_eval/stem__gpqa_diamond_198": OTHER_SUM,
}
"""Prompt and reference answer by Parquet file; {} stands for the row's number."""
JSONL = ("cgpo/writing", "care-rl/chat", "care-rl/instructions")


def write_stand_ins(folder: Path) -> None:
    """Write every file that the three experiments name, below `folder`."""
    for name, (prompt, gold) in VERL.items():
        path = folder / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame([verl_row(name, number, prompt, gold) for number in range(ROWS)]).to_parquet(path)
    for name in JSONL:
        path = folder / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"prompt": f"Write {number} lines.", "reference": "x\n" * number} for number in range(1, 10 * ROWS + 1)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def verl_row(name: str, number: int, prompt: str, gold: Any) -> dict[str, Any]:
    """A row as the authors' scripts write it."""
    answer = gold.replace("{}", str(number)) if isinstance(gold, str) else gold
    return {
        "data_source": name,
        "prompt": [{"role": "user", "content": prompt.format(number)}],
        "reward_model": {"style": "rule", "ground_truth": answer},
        "extra_info": {"index": number, "answer": str(number)},
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m experiments.stand_ins FOLDER")
    write_stand_ins(Path(sys.argv[1]))
