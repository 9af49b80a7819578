"""Analyse results in files: accuracy tables, item records, samples of lm-evaluation-harness, published studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from xdomain.analysis.analyse import analyse as analyse_grid
from xdomain.analysis.analyse_table import analyse_table
from xdomain.analysis.findings import worded
from xdomain.analysis.imports import read_accuracy_table, read_json_document
from xdomain.analysis.lm_eval import read_lm_eval_manifest
from xdomain.analysis.own_records import read_own_records
from xdomain.analysis.read_result import is_result, parse_result
from xdomain.analysis.reference import published_study, read_reference
from xdomain.analysis.result import AnalysisResult
from xdomain.core import parquet
from xdomain.core.errors import ConfigError, StoreError
from xdomain.core.records import RECORD_COLUMNS


def analyse(path: str | Path) -> AnalysisResult:
    """Analyse results in files. For experiments in a store, use `Session.analyse`.

    Args:
        path: One of these files: a CSV file or a JSON list of curriculum, domain, accuracy, n_items; a published study
            in the layout of the shipped reference; item records (a Parquet file, or a folder of such files); a manifest
            of records and of lm-evaluation-harness sample files; the report.json of a report, of any schema version.

    Returns:
        The matrices and conclusions that can be computed from the results. A published study is also its own reference.

    Raises:
        ConfigError: The file does not exist, or does not name the model that it belongs to.
        AnalysisError: The file is malformed or incomplete.
        StoreError: A Parquet file contains no item records.
    """
    source, where = Path(path), f"--from {path}"
    if not source.exists():
        raise ConfigError("there is no such file.", where=where, fix="Correct the path.")
    if source.suffix == ".jsonl":
        raise ConfigError(
            "a single sample file does not name the model that it belongs to.",
            where=where,
            fix='Name it in a manifest: {"runs": [{"curriculum": "base", "samples": {"math": "FILE"}}]}.',
        )
    if source.suffix == ".parquet" or source.is_dir():
        return analyse_grid(read_own_records(source))
    document = read_json_document(source) if source.suffix == ".json" else None
    if not isinstance(document, dict):
        return analyse_table(read_accuracy_table(source))
    if "runs" in document:
        return analyse_grid(read_lm_eval_manifest(source))
    if is_result(document):
        result = parse_result(document, where)
        return result if result.findings else worded(result)
    study = read_reference(source.read_text(encoding="utf-8"), source.stem)
    return analyse_table(study.table).model_copy(update={"references": (published_study(study),)})


def read_records(path: str | Path, columns: Sequence[str] = RECORD_COLUMNS) -> pd.DataFrame:
    """Read item records, with one row per evaluated item and sample.

    Args:
        path: A Parquet file of records, or a folder that contains such files at any depth, such as a store.
        columns: Columns to read; by default all columns of docs/reference/store.md.

    Raises:
        StoreError: The file does not exist, or a file contains no item records.
    """
    source = Path(path)
    files = (
        sorted(source.rglob("records.parquet")) or sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    )
    if not files or not files[0].is_file():
        raise StoreError("contains no item records.", where=str(path), fix="Name a Parquet file or a folder of them.")
    return parquet.read_records(files, columns)
