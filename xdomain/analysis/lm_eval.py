"""Results from elsewhere item by item: sample files of lm-evaluation-harness (--log_samples), and records of our own.

Samples of the harness are paired by `doc_hash`, so a changed document is another item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from xdomain.analysis.imports import canonical_curriculum, read_json_document, read_lines
from xdomain.analysis.own_records import records_on_domain
from xdomain.config.curriculum import parse_curriculum
from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import BASE, UNRECORDED, EvaluatedCheckpoint, MeasuredGrid

RIGHT = 1.0
NO_FILTER = "none"
"""What the harness calls the filter of a task that has none."""


@dataclass(frozen=True)
class ImportedRun:
    """One model that was evaluated elsewhere.

    Attributes:
        curriculum: what it was trained on, "base" for the base.
        seed: training seed; None for the base.
        samples: by domain the harness's sample file (JSON lines), or item records (Parquet).
        checkpoint: which one of a Parquet file that holds several.
    """

    curriculum: str
    seed: int | None
    samples: Mapping[str, Path]
    checkpoint: str | None = None


@dataclass(frozen=True)
class ImportChoice:
    """Which of a sample file's metrics and filters to take.

    Attributes:
        metric: by domain; may be left out where a file has one.
        answer_filter: by domain; may be left out where a file has one.
    """

    metric: Mapping[str, str] = field(default_factory=dict)
    answer_filter: Mapping[str, str] = field(default_factory=dict)


def grid_from_lm_eval(name: str, runs: Sequence[ImportedRun], choice: ImportChoice | None = None) -> MeasuredGrid:
    """A measured grid from sample files and records.

    Raises:
        AnalysisError: a file is missing or malformed, or has several metrics, filters or checkpoints and none was
            chosen.
        StoreError: a Parquet file holds no item records.
    """
    choice = choice or ImportChoice()
    checkpoints, frames = [], []
    for run in runs:
        text = canonical_curriculum(run.curriculum)
        label = BASE if text == BASE else f"{text}, seed {run.seed}"
        checkpoints.append(_checkpoint(label, text, run.seed))
        for domain, path in run.samples.items():
            if path.suffix == ".parquet":
                frames.append(records_on_domain(path, label, domain, run.checkpoint))
            else:
                frames.append(lm_eval_records(path, label, domain, choice))
    seeds = tuple(dict.fromkeys(c.seed for c in checkpoints if c.seed is not None))
    return MeasuredGrid(
        experiment=name,
        domains=tuple(dict.fromkeys(domain for run in runs for domain in run.samples)),
        curricula=tuple(dict.fromkeys(c.curriculum for c in checkpoints if c.curriculum != BASE)),
        seeds=seeds,
        checkpoints=tuple(checkpoints),
        records=pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["checkpoint"]),
        budget="unknown",
        description={"source": "answers to items from elsewhere"},
    )


def read_lm_eval_manifest(path: Path) -> MeasuredGrid:
    """Read a JSON manifest {"name", "runs": [{"curriculum", "seed", "samples": {domain: file}}], "metric", "filter"}.

    Files are relative to the manifest; "metric" and "filter" map domains to names and may be left out. A file may be
    a Parquet file of our records; "checkpoint" beside "samples" says which one where it holds several.

    Raises:
        AnalysisError: see `grid_from_lm_eval`.
    """
    value = read_json_document(path)
    if not isinstance(value, dict) or not isinstance(value.get("runs"), list):
        raise AnalysisError('should be an object with a list "runs".', where=str(path))
    runs = []
    for number, run in enumerate(value["runs"], start=1):
        if (
            not isinstance(run, dict)
            or not {"curriculum", "samples"} <= run.keys()
            or not isinstance(run["samples"], dict)
        ):
            raise AnalysisError('should have "curriculum" and "samples".', where=f"{path}, run {number}")
        samples = {domain: path.parent / file for domain, file in run["samples"].items()}
        seed = None if run["curriculum"] == BASE else int(run.get("seed", 0))
        runs.append(ImportedRun(run["curriculum"], seed, samples, run.get("checkpoint")))
    choice = ImportChoice(dict(value.get("metric", {})), dict(value.get("filter", {})))
    return grid_from_lm_eval(str(value.get("name", path.stem)), runs, choice)


def grid_of_models(name: str, samples: Mapping[str, Mapping[str, Path]], base: str | None) -> MeasuredGrid:
    """Models side by side, with a column for each task, filter and metric of their sample files.

    Metrics that are no share of an item, such as perplexities, are left out.

    Args:
        samples: sample file by task, by model.
        base: the model that stands as the base.

    Raises:
        AnalysisError: a file is missing or malformed, or no metric is left.
    """
    checkpoints, frames = [], []
    for model, files in samples.items():
        label = BASE if model == base else model
        seed, parent = (None, None) if label == BASE else (0, BASE)
        phase = 0 if seed is None else 1
        checkpoints.append(EvaluatedCheckpoint(model, label, parent, seed, phase, 0, is_end=True, effort=UNRECORDED))
        for task, path in files.items():
            for answer_filter, metric in sample_choices(path):
                column = " ".join([task, *([answer_filter] if answer_filter != NO_FILTER else []), metric])
                choice = ImportChoice({column: metric}, {column: answer_filter})
                frames.append(lm_eval_records(path, model, column, choice))
    if not frames:
        raise AnalysisError("the sample files hold no metric between 0 and 1.", where=", ".join(samples))
    records = pd.concat(frames, ignore_index=True)
    return MeasuredGrid(
        experiment=name,
        domains=tuple(dict.fromkeys(records["domain"])),
        curricula=tuple(c.curriculum for c in checkpoints if c.curriculum != BASE),
        seeds=(0,),
        checkpoints=tuple(checkpoints),
        records=records,
        budget="unknown",
        description={"source": "lm-evaluation-harness"},
    )


def sample_choices(path: Path) -> list[tuple[str, str]]:
    """(filter, metric) of a sample file wherever every value is a number between 0 and 1."""
    values: dict[tuple[str, str], list[Any]] = {}
    for row in sample_rows(path):
        for metric in row.get("metrics", []):
            values.setdefault((str(row.get("filter", NO_FILTER)), metric), []).append(row.get(metric))
    return [
        key for key, found in values.items() if all(isinstance(one, int | float) and 0 <= one <= 1 for one in found)
    ]


def sample_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a sample file, in order.

    Raises:
        AnalysisError: it is missing, empty or malformed.
    """
    rows = [
        _sample(line, f"{path}, line {number}") for number, line in enumerate(read_lines(path), start=1) if line.strip()
    ]
    if not rows:
        raise AnalysisError("holds no samples.", where=str(path))
    return rows


def lm_eval_records(path: Path, checkpoint: str, domain: str, choice: ImportChoice) -> pd.DataFrame:
    """Item records of one sample file.

    Raises:
        AnalysisError: see `grid_from_lm_eval`.
    """
    rows = sample_rows(path)
    filters = sorted({str(row.get("filter", NO_FILTER)) for row in rows})
    wanted = _chosen("filter", filters, choice.answer_filter.get(domain), path)
    rows = [row for row in rows if str(row.get("filter", NO_FILTER)) == wanted]
    metrics = sorted(
        {name for row in rows for name in row.get("metrics", []) if isinstance(row.get(name), int | float)}
    )
    metric = _chosen("metric", metrics, choice.metric.get(domain), path)
    seen: dict[str, int] = {}
    records = []
    for row in rows:
        item = str(row["doc_hash"])
        sample = seen[item] = seen.get(item, -1) + 1
        score = row.get(metric)
        judged = isinstance(score, int | float)
        outcome = "unscored" if not judged else "right" if score == RIGHT else "wrong"
        records.append(
            {
                "checkpoint": checkpoint,
                "domain": domain,
                "item_id": item,
                "cluster_id": item,
                "sample": sample,
                "prompt_hash": str(row.get("prompt_hash", "")),
                "completion": _text(row.get("filtered_resps")),
                "gold": str(row.get("target", "")),
                "score": float(score) if isinstance(score, int | float) else None,
                "outcome": outcome,
                "scorer": f"lm-eval {metric} {wanted}",
            }
        )
    return pd.DataFrame(records)


def _chosen(kind: str, names: Sequence[str], wanted: str | None, path: Path) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names or wanted is None:
        problem = f'has no {kind} "{wanted}".' if wanted else f"has several of {kind}, and none was chosen."
        raise AnalysisError(problem, where=str(path), fix=f"There are: {', '.join(names) or 'none'}.")
    return wanted


def _sample(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise AnalysisError(f"is not JSON: {error}.", where=where) from error
    if not isinstance(row, dict) or "doc_hash" not in row:
        raise AnalysisError(
            "has no doc_hash, which pairs items.", where=where, fix="Use --log_samples of 0.4 or later."
        )
    return row


def _text(responses: Any) -> str:
    while isinstance(responses, list) and responses:
        responses = responses[0]
    return responses if isinstance(responses, str) else json.dumps(responses)


def _checkpoint(label: str, curriculum: str, seed: int | None) -> EvaluatedCheckpoint:
    if curriculum == BASE:
        return EvaluatedCheckpoint(label, BASE, None, None, 0, 0, is_end=True, strategy=None)
    phases = len(parse_curriculum(curriculum).phases)
    parent = curriculum.rpartition(" -> ")[0] or BASE
    return EvaluatedCheckpoint(label, curriculum, parent, seed or 0, phases, 0, is_end=True, effort=UNRECORDED)
