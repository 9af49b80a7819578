"""Item records in the layout of lm-evaluation-harness 0.4: one samples file per domain, and one results file.

Tools that read the harness's files can read these. A row is one sample of one item. `doc` holds what the records
contain about an item, so `doc_hash` pairs our files with one another. `prompt_hash` (sha256 of the prompt) pairs them
with the harness's files.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.analysis.result import AnalysisResult
from xdomain.core.files import write_atomic
from xdomain.core.fingerprint import text_digest
from xdomain.report.file_names import file_names

if TYPE_CHECKING:
    from xdomain.plan.measurement import MeasuredGrid

METRIC = "acc"
FILTER = "none"


def write_lm_eval(result: AnalysisResult, grid: MeasuredGrid, folder: Path, *, written_seconds: float) -> list[Path]:
    """Write one folder per measured run of `result`.

    Args:
        grid: Measurements that `result` was made from, with completions.
        written_seconds: Unix time in seconds, which names the files.
    """
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(written_seconds)) + f".{written_seconds % 1 * 1e6:06.0f}"
    checkpoints = {place.checkpoint: str(place.run) for place in grid.checkpoints if place.is_end}
    ended = grid.records[grid.records["checkpoint"].isin(list(checkpoints))]
    written = []
    for label, name in file_names(result.accuracy.rows).items():
        of_run = ended[ended["checkpoint"].map(checkpoints) == label]
        for domain, rows in of_run.groupby("domain", sort=False):
            path = folder / name / f"samples_{domain}_{stamp}.jsonl"
            write_atomic(path, sample_lines(rows.to_dict("records")))
            written.append(path)
        if len(of_run):
            path = folder / name / f"results_{stamp}.json"
            write_atomic(path, json.dumps(results(result, label, written_seconds), indent=2) + "\n")
            written.append(path)
    return written


def sample_lines(records: Iterable[Mapping[Any, Any]]) -> str:
    """Return the samples file of one domain."""
    numbers: dict[str, int] = {}
    lines = []
    for record in records:
        doc = {"domain": record["domain"], "item_id": record["item_id"], "gold": record["gold"]}
        scored = record["outcome"] != "unscored"
        answer = record["answer"] if isinstance(record["answer"], str) else ""
        row = {
            "doc_id": numbers.setdefault(record["item_id"], len(numbers)),
            "doc": doc,
            "target": record["gold"],
            "resps": [[record["completion"]]],
            "filtered_resps": [answer],
            "filter": FILTER,
            "metrics": [METRIC],
            "doc_hash": text_digest(json.dumps(doc, indent=2, ensure_ascii=False)),
            "prompt_hash": record["prompt_hash"],
            "target_hash": text_digest(record["gold"]),
            METRIC: float(record["score"]) if scored else None,
            "sample": int(record["sample"]),
            "outcome": record["outcome"],
            "finish_reason": record["finish_reason"],
        }
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


def results(result: AnalysisResult, label: str, written_seconds: float) -> dict[str, Any]:
    """Return the results document of one run; our intervals replace the harness's standard errors."""
    found: dict[str, dict[str, Any]] = {}
    samples: dict[str, dict[str, int]] = {}
    for domain in result.accuracy.columns:
        cell = result.accuracy.cell(label, domain)
        if cell is None or cell.estimate is None:
            continue
        found[domain] = {
            "alias": domain,
            f"{METRIC},{FILTER}": cell.estimate,
            f"{METRIC}_stderr,{FILTER}": "N/A",
            f"{METRIC}_interval,{FILTER}": [cell.low, cell.high],
        }
        samples[domain] = {"original": result.meta.items[domain], "effective": cell.n_items or 0}
    return {
        "results": found,
        "configs": {domain: {"task": domain} for domain in found},
        "versions": {},
        "n-shot": {},
        "higher_is_better": {domain: {METRIC: True} for domain in found},
        "n-samples": samples,
        "config": {"model": "xdomain", "model_args": {"pretrained": label}},
        "date": written_seconds,
        "model_source": "xdomain",
        "model_name": label,
        "xdomain_version": version("xdomain"),
    }
