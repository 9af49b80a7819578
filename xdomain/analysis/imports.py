"""Results from elsewhere: accuracy tables with n, and lm-evaluation-harness sample files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from xdomain.analysis.accuracy_table import AccuracyTable, Published
from xdomain.config.curriculum import parse_curriculum
from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import BASE, EvaluatedCheckpoint, MeasuredGrid

TABLE_COLUMNS = ("curriculum", "domain", "accuracy", "n_items")
RIGHT = 1.0


def read_accuracy_table(path: Path) -> AccuracyTable:
    """Read a CSV with the columns curriculum, domain, accuracy, n_items, or a JSON list of objects with those keys.

    Accuracies are fractions; the base model is the curriculum "base".

    Raises:
        AnalysisError: the file is missing or malformed; names the row.
        ConfigError: a curriculum cannot be read.
    """
    rows = _json_rows(path) if path.suffix == ".json" else _csv_rows(path)
    cells: dict[tuple[str, str], Published] = {}
    for number, row in enumerate(rows, start=1):
        where = f"{path}, row {number}"
        missing = [name for name in TABLE_COLUMNS if row.get(name) in (None, "")]
        if missing:
            raise AnalysisError(
                f"has no {', '.join(missing)}.", where=where, fix=f"Needed: {', '.join(TABLE_COLUMNS)}."
            )
        try:
            cell = Published(float(row["accuracy"]), int(row["n_items"]))
        except (TypeError, ValueError) as error:
            raise AnalysisError(f"accuracy and n_items should be numbers: {error}.", where=where) from error
        key = (_curriculum(str(row["curriculum"])), str(row["domain"]))
        if key in cells:
            raise AnalysisError(f'"{key[0]}" on "{key[1]}" is there twice.', where=where, fix="Keep one of them.")
        cells[key] = cell
    domains = tuple(dict.fromkeys(domain for _, domain in cells))
    return AccuracyTable(path.stem, str(path.name), domains, cells)


@dataclass(frozen=True)
class ImportedRun:
    """One model that lm-evaluation-harness evaluated.

    Attributes:
        curriculum: what it was trained on, "base" for the base.
        seed: training seed; None for the base.
        samples: sample file (JSON lines) by domain.
    """

    curriculum: str
    seed: int | None
    samples: Mapping[str, Path]


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
    """A measured grid from sample files that lm-evaluation-harness wrote with --log_samples.

    Items are paired by `doc_hash`, so a changed document is another item.

    Raises:
        AnalysisError: a file is missing or malformed, or has several metrics or filters and none was chosen.
    """
    choice = choice or ImportChoice()
    checkpoints, frames = [], []
    for run in runs:
        text = _curriculum(run.curriculum)
        label = BASE if text == BASE else f"{text}, seed {run.seed}"
        checkpoints.append(_checkpoint(label, text, run.seed))
        frames += [lm_eval_records(path, label, domain, choice) for domain, path in run.samples.items()]
    seeds = tuple(dict.fromkeys(c.seed for c in checkpoints if c.seed is not None))
    return MeasuredGrid(
        experiment=name,
        domains=tuple(dict.fromkeys(domain for run in runs for domain in run.samples)),
        curricula=tuple(dict.fromkeys(c.curriculum for c in checkpoints if c.curriculum != BASE)),
        seeds=seeds,
        checkpoints=tuple(checkpoints),
        records=pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["checkpoint"]),
        budget="unknown",
        description={"source": "lm-evaluation-harness samples"},
    )


def read_lm_eval_manifest(path: Path) -> MeasuredGrid:
    """Read a JSON manifest {"name", "runs": [{"curriculum", "seed", "samples": {domain: file}}], "metric", "filter"}.

    Files are relative to the manifest; "metric" and "filter" map domains to names and may be left out.

    Raises:
        AnalysisError: see `grid_from_lm_eval`.
    """
    value = _read_json(path)
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
        runs.append(ImportedRun(run["curriculum"], seed, samples))
    choice = ImportChoice(dict(value.get("metric", {})), dict(value.get("filter", {})))
    return grid_from_lm_eval(str(value.get("name", path.stem)), runs, choice)


def lm_eval_records(path: Path, checkpoint: str, domain: str, choice: ImportChoice) -> pd.DataFrame:
    """Item records of one sample file.

    Raises:
        AnalysisError: see `grid_from_lm_eval`.
    """
    rows = [
        _sample(line, f"{path}, line {number}") for number, line in enumerate(_lines(path), start=1) if line.strip()
    ]
    if not rows:
        raise AnalysisError("holds no samples.", where=str(path))
    filters = sorted({str(row.get("filter", "none")) for row in rows})
    wanted = _chosen("filter", filters, choice.answer_filter.get(domain), path)
    rows = [row for row in rows if str(row.get("filter", "none")) == wanted]
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
    return EvaluatedCheckpoint(label, curriculum, parent, seed or 0, phases, 0, is_end=True)


def _curriculum(text: str) -> str:
    return BASE if text.strip() == BASE else str(parse_curriculum(text))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AnalysisError(f"cannot be read: {error}.", where=str(path)) from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads("\n".join(_lines(path)))
    except json.JSONDecodeError as error:
        raise AnalysisError(f"is not JSON: {error}.", where=str(path)) from error


def _json_rows(path: Path) -> list[dict[str, Any]]:
    value = _read_json(path)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise AnalysisError("should be a list of objects.", where=str(path), fix=f"Keys: {', '.join(TABLE_COLUMNS)}.")
    return value


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(_lines(path)))
