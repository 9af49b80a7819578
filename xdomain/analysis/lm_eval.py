"""Import of results from elsewhere: lm-evaluation-harness sample files and our own item records, as one grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from xdomain.analysis.imports import read_curriculum, read_json_document
from xdomain.analysis.lm_eval_samples import NO_FILTER, ImportChoice, lm_eval_records, sample_choices
from xdomain.analysis.own_records import records_on_domain
from xdomain.config.run_id import BASE_RUN, RunId
from xdomain.core.errors import AnalysisError, ConfigError
from xdomain.core.registry import did_you_mean
from xdomain.plan.measurement import UNRECORDED, Effort, EvaluatedCheckpoint, MeasuredGrid

Name = Annotated[StrictStr, Field(min_length=1)]


class ManifestRun(BaseModel):
    """One entry of a manifest's "runs"."""

    model_config = ConfigDict(frozen=True)

    curriculum: Name
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] | None = None
    samples: Annotated[dict[Name, Name | Annotated[list[Name], Field(min_length=1)]], Field(min_length=1)]
    checkpoint: Name | None = None


class Manifest(BaseModel):
    """A manifest that assigns sample files to models."""

    model_config = ConfigDict(frozen=True)

    name: Name | None = None
    runs: Annotated[list[ManifestRun], Field(min_length=1)]
    metric: dict[Name, Name] = Field(default_factory=dict)
    filter: dict[Name, Name] = Field(default_factory=dict)


@dataclass(frozen=True)
class ImportedRun:
    """One model that was evaluated elsewhere.

    Attributes:
        curriculum: Curriculum that it was trained on; "base" for the base model.
        seed: Training seed; None for the base model, 0 if the seed of a training is not known.
        samples: Files of each domain: sample files of the harness (JSON lines; several for a group) or item records.
        checkpoint: Name of the checkpoint to use from a Parquet file that holds several.
    """

    curriculum: str
    seed: int | None
    samples: Mapping[str, Sequence[Path]]
    checkpoint: str | None = None


def grid_from_lm_eval(name: str, runs: Sequence[ImportedRun], choice: ImportChoice | None = None) -> MeasuredGrid:
    """Build a measured grid from sample files and records.

    Raises:
        AnalysisError: A file is missing or malformed, or has several metrics, filters or checkpoints and none was
            chosen; or two runs are the same.
        StoreError: A Parquet file holds no item records.
    """
    choice = choice or ImportChoice()
    checkpoints, frames = [], []
    for run in runs:
        run_id = read_curriculum(run.curriculum)
        seed = None if run_id.is_base else run.seed or 0
        label = str(run_id) if seed is None else f"{run_id}, seed {seed}"
        effort = Effort() if run_id.is_base else UNRECORDED
        checkpoints.append(EvaluatedCheckpoint(label, run_id, seed, effort=effort))
        frames += [_records(run, domain, paths, label, choice) for domain, paths in run.samples.items()]
    label, count = Counter(checkpoint.checkpoint for checkpoint in checkpoints).most_common(1)[0]
    if count > 1:
        raise AnalysisError(
            f'lists the run "{label}" {count} times.', where=name, fix="Keep one, or give the others other `seed`s."
        )
    return MeasuredGrid(
        experiment=name,
        domains=tuple(dict.fromkeys(domain for run in runs for domain in run.samples)),
        runs=tuple(dict.fromkeys(c.run for c in checkpoints if not c.run.is_base)),
        checkpoints=tuple(checkpoints),
        records=pd.concat(frames, ignore_index=True),
        seeds=tuple(dict.fromkeys(c.seed for c in checkpoints if c.seed is not None)),
        description={"source": "imported answers to items"},
    )


def _records(run: ImportedRun, domain: str, paths: Sequence[Path], label: str, choice: ImportChoice) -> pd.DataFrame:
    own = [path for path in paths if path.suffix == ".parquet"]
    if not own:
        return lm_eval_records(paths, label, domain, choice)
    if len(paths) > 1:
        raise AnalysisError(
            "item records cannot be listed with other files.", where=str(own[0]), fix="Name only this file."
        )
    return records_on_domain(own[0], label, domain, run.checkpoint)


def read_lm_eval_manifest(path: Path) -> MeasuredGrid:
    """Read a JSON manifest {"name", "runs": [{"curriculum", "seed", "samples": {domain: file}}], "metric", "filter"}.

    Files are relative to the manifest. A list of files makes one domain of a group of tasks. "metric" and "filter" map
    domains to names and may be omitted. A file may also be a Parquet file of our records. If it holds several
    checkpoints, "checkpoint" next to "samples" names one.

    Raises:
        AnalysisError: The manifest has another layout; see also `grid_from_lm_eval`.
    """
    manifest = _manifest(path)
    runs = []
    for number, run in enumerate(manifest.runs):
        try:
            read_curriculum(run.curriculum)
        except ConfigError as error:
            raise AnalysisError(error.what, where=f"{path}, runs[{number}].curriculum", fix=error.fix) from error
        files = {name: [found] if isinstance(found, str) else found for name, found in run.samples.items()}
        samples = {name: [path.parent / file for file in found] for name, found in files.items()}
        runs.append(ImportedRun(run.curriculum, run.seed, samples, run.checkpoint))
    domains = dict.fromkeys(domain for run in runs for domain in run.samples)
    for key, chosen in (("metric", manifest.metric), ("filter", manifest.filter)):
        for domain in set(chosen) - set(domains):
            raise AnalysisError(
                f'"{domain}" is not a domain of any run.{did_you_mean(domain, domains)}',
                where=f"{path}, {key}",
                fix=f"Domains: {', '.join(domains)}.",
            )
    return grid_from_lm_eval(manifest.name or path.stem, runs, ImportChoice(manifest.metric, manifest.filter))


def _manifest(path: Path) -> Manifest:
    value = read_json_document(path)
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        steps = [step for step in first["loc"] if not str(step).startswith(("constrained", "list["))]
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        found = "" if first["type"] == "missing" else f" Found {_shown(first['input'])}."
        raise AnalysisError(
            f"{place or 'the document'}: {_in_words(first['msg'])}.{found}",
            where=str(path),
            fix='Write it like {"runs": [{"curriculum": "math", "seed": 0, "samples": {"math": "samples.jsonl"}}]}.',
        ) from error


def _in_words(message: str) -> str:
    """Return pydantic's message without the names of our classes."""
    words = message.replace("Input should", "should").replace("Field required", "is missing")
    return words.replace(" or instance of ManifestRun", "").replace(" or instance of Manifest", "")


def _shown(value: Any) -> str:
    text = str(value)
    return f"{text[:80]}..." if len(text) > 80 else text


def grid_of_models(name: str, samples: Mapping[str, Mapping[str, Path]], base: str | None) -> MeasuredGrid:
    """Return a comparison of models, with a column for each task, filter and metric of their sample files.

    Metrics that are not a share per item, such as perplexities, are left out.

    Args:
        samples: Sample file of each task, keyed by model and task.
        base: Model that serves as the base model.

    Raises:
        AnalysisError: A file is missing or malformed, or no metric is left.
    """
    checkpoints, frames = [], []
    for model, files in samples.items():
        run = BASE_RUN if model == base else RunId(model=model)
        checkpoints.append(EvaluatedCheckpoint(model, run, effort=UNRECORDED))
        for task, path in files.items():
            for answer_filter, metric in sample_choices(path):
                column = " ".join([task, *([answer_filter] if answer_filter != NO_FILTER else []), metric])
                choice = ImportChoice({column: metric}, {column: answer_filter})
                frames.append(lm_eval_records([path], model, column, choice))
    if not frames:
        raise AnalysisError("the sample files hold no metric between 0 and 1.", where=", ".join(samples))
    records = pd.concat(frames, ignore_index=True)
    return MeasuredGrid(
        experiment=name,
        domains=tuple(dict.fromkeys(records["domain"])),
        runs=tuple(c.run for c in checkpoints if not c.run.is_base),
        checkpoints=tuple(checkpoints),
        records=records,
        description={"source": "lm-evaluation-harness"},
    )
