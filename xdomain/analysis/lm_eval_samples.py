"""Read sample files of lm-evaluation-harness (--log_samples, any 0.4 version) as item records.

Each row is one item. Rows are paired between models by `doc_hash`, so a changed document is another item. A document
that is listed several times gives several items, which share a cluster. Rows are samples of one item only if they agree
in doc_id, document and prompt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from xdomain.analysis.imports import parse_json, read_lines
from xdomain.core.errors import AnalysisError
from xdomain.core.fingerprint import text_digest

RIGHT = 1.0
NO_FILTER = "none"
"""The harness's filter name for a task without a filter."""

NOT_METRICS = frozenset(
    {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "sample", "success"}
)
"""Keys of a row that are not metrics, because older versions do not list their metrics."""


@dataclass(frozen=True)
class ImportChoice:
    """The metric and filter to use from the sample files of each domain.

    Attributes:
        metric: Metric, keyed by domain; needed only if a file has several. "exact_match,strict-match" also names the
            filter.
        answer_filter: Filter, keyed by domain; needed only if a file has several.
    """

    metric: Mapping[str, str] = field(default_factory=dict)
    answer_filter: Mapping[str, str] = field(default_factory=dict)

    def of(self, domain: str) -> tuple[str | None, str | None]:
        """Return metric and filter of a domain; None for one that was not chosen."""
        metric, _, answer_filter = (self.metric.get(domain) or "").partition(",")
        return metric or None, self.answer_filter.get(domain) or answer_filter or None


@dataclass(frozen=True)
class Sample:
    """One row of a sample file.

    Attributes:
        row: Parsed JSON of the row.
        where: File and line of the row, for messages.
        file: Index of its file among those of one domain.
        line: Line number in that file.
        document: sha256 of its document.
        prompt: sha256 of its prompt; "" if the row has none.
    """

    row: Mapping[str, Any]
    where: str
    file: int
    line: int
    document: str
    prompt: str

    @property
    def answer_filter(self) -> str:
        named = self.row.get("filter")
        return NO_FILTER if named is None else str(named)

    @property
    def metrics(self) -> list[str]:
        """Return the row's metrics: those that it lists, or else all numbers under keys unknown to the harness."""
        listed = self.row.get("metrics")
        if isinstance(listed, list) and listed:
            return [str(name) for name in listed]
        return [name for name, value in self.row.items() if name not in NOT_METRICS and isinstance(value, int | float)]

    @property
    def asked(self) -> tuple[int, float, str, str]:
        """Return a sort key that is equal for samples of one item and follows the order of the documents."""
        number = self.row.get("doc_id")
        if number is None:  # each row is a separate item
            return self.file, self.line, "", self.prompt
        if isinstance(number, int | float):
            return self.file, number, "", self.prompt
        return self.file, math.inf, str(number), self.prompt

    def score(self, metric: str) -> float | None:
        """Return the metric's value, or None if it is missing.

        Raises:
            AnalysisError: It is not a number between 0 and 1.
        """
        value = self.row.get(metric)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if not is_share(value):
            raise AnalysisError(
                f'the metric "{metric}" should be a number between 0 and 1. Found {str(value)[:80]}.',
                where=self.where,
                fix="Choose another metric under `metric`.",
            )
        return float(value)


def is_share(value: object) -> bool:
    """Return whether a value can be the credit of one item."""
    return isinstance(value, int | float) and 0 <= value <= 1


def read_samples(paths: Sequence[Path]) -> list[Sample]:
    """Return the rows of the sample files of one domain, in order.

    Raises:
        AnalysisError: A file is missing, empty or malformed.
    """
    found = []
    for number, path in enumerate(paths):
        lines = [(line, text) for line, text in enumerate(read_lines(path), start=1) if text.strip()]
        if not lines:
            raise AnalysisError("holds no samples.", where=str(path), fix="Give a file that --log_samples wrote.")
        found += [_sample(text, path, number, line) for line, text in lines]
    return found


def _sample(text: str, path: Path, file: int, line: int) -> Sample:
    where = f"{path}, line {line}"
    row = parse_json(text, where)
    if not isinstance(row, dict) or (row.get("doc_hash") is None and row.get("doc") is None):
        raise AnalysisError(
            "has neither doc_hash nor doc, one of which is needed to pair items.",
            where=where,
            fix="Give the samples_*.jsonl files that --log_samples of version 0.4 or later writes.",
        )
    document = row.get("doc_hash")
    if document is None:  # for older versions, by the formula of later ones
        document = text_digest(json.dumps(row["doc"], indent=2, ensure_ascii=False))
    return Sample(row, where, file, line, str(document), _prompt(row))


def _prompt(row: Mapping[str, Any]) -> str:
    if row.get("prompt_hash") is not None:
        return str(row["prompt_hash"])
    asked: Any = row.get("arguments")
    while isinstance(asked, dict | list) and asked:  # [[prompt, ...], ...], later {"gen_args_0": {"arg_0": prompt}}
        asked = next(iter(asked.values())) if isinstance(asked, dict) else asked[0]
    return text_digest(asked) if isinstance(asked, str) else ""


def sample_choices(path: Path) -> list[tuple[str, str]]:
    """Return each (filter, metric) of a sample file whose values are all missing or between 0 and 1."""
    values: dict[tuple[str, str], list[Any]] = {}
    for sample in read_samples([path]):
        for metric in sample.metrics:
            values.setdefault((sample.answer_filter, metric), []).append(sample.row.get(metric))
    return [
        key
        for key, found in values.items()
        if any(map(is_share, found)) and all(value is None or value != value or is_share(value) for value in found)  # noqa: PLR0124 -- NaN
    ]


def lm_eval_records(paths: Sequence[Path], checkpoint: str, domain: str, choice: ImportChoice) -> pd.DataFrame:
    """Return item records of the sample files of one domain (several files for a group of tasks).

    Raises:
        AnalysisError: A file is missing or malformed, or has several metrics or filters and none was chosen.
    """
    samples = read_samples(paths)
    where = ", ".join(map(str, paths))
    metric, answer_filter = choice.of(domain)
    answer_filter = _chosen("filter", {sample.answer_filter for sample in samples}, answer_filter, domain, where)
    samples = [sample for sample in samples if sample.answer_filter == answer_filter]
    numbers = {
        name for sample in samples for name in sample.metrics if metric == name or is_share(sample.row.get(name))
    }
    metric = _chosen("metric", numbers, metric, domain, where)
    records = []
    for (item, cluster), group in _items(samples).items():
        for number, sample in enumerate(group):
            score = sample.score(metric)
            records.append(
                {
                    "checkpoint": checkpoint,
                    "domain": domain,
                    "item_id": item,
                    "cluster_id": cluster,
                    "sample": number,
                    "prompt_hash": sample.prompt,
                    "completion": _text(_first(sample.row.get("filtered_resps"))),
                    "gold": _text(sample.row.get("target")),
                    "score": score,
                    "outcome": "unscored" if score is None else "right" if score == RIGHT else "wrong",
                    "scorer": f"lm-eval {metric} {answer_filter}",
                }
            )
    return pd.DataFrame(records).astype({"score": float})


def _items(samples: Iterable[Sample]) -> dict[tuple[str, str], list[Sample]]:
    """Group samples by (item, cluster): the first item of a document has its hash as id, the second "hash/2".

    Raises:
        AnalysisError: A file holds rows of several filters without naming them.
    """
    documents: dict[str, dict[tuple[int, float, str, str], list[Sample]]] = {}
    for sample in samples:
        same = documents.setdefault(sample.document, {}).setdefault(sample.asked, [])
        if same and "filter" not in sample.row and _answered(sample) == _answered(same[0]) != (None, None):
            raise AnalysisError(
                "repeats the document and the responses of an earlier line. The file has several filters and does not "
                "name them, which older versions do.",
                where=sample.where,
                fix='Keep the lines of one filter, or add "filter" to each line.',
            )
        same.append(sample)
    return {
        (document if number == 1 else f"{document}/{number}", document): asked[key]
        for document, asked in documents.items()
        for number, key in enumerate(sorted(asked), start=1)
    }


def _answered(sample: Sample) -> tuple[Any, Any]:
    return sample.row.get("doc_id"), sample.row.get("resps")


def _chosen(kind: str, names: Iterable[str], wanted: str | None, domain: str, where: str) -> str:
    found = sorted(names)
    if wanted is None and len(found) == 1:
        return found[0]
    if wanted is not None and wanted in found:
        return wanted
    if not found:
        raise AnalysisError(f"has no {kind} between 0 and 1.", where=where, fix="Give a file with a metric per item.")
    problem = f'has no {kind} "{wanted}".' if wanted else f"has several of {kind}, and none was chosen."
    raise AnalysisError(
        problem,
        where=where,
        fix=f'Choose one of {", ".join(found)} in the manifest: "{kind}": {{"{domain}": "{found[0]}"}}.',
    )


def _text(value: Any) -> str:
    """Return a text unchanged, "" for a missing value, and anything else as JSON."""
    return "" if value in (None, []) else value if isinstance(value, str) else json.dumps(value)


def _first(responses: Any) -> Any:
    while isinstance(responses, list) and responses:
        responses = responses[0]
    return responses
