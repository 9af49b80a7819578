"""Import of item records that xdomain wrote: Parquet files without the store that they came from."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from xdomain.config.run_id import RunId
from xdomain.core.errors import AnalysisError
from xdomain.core.parquet import read_records
from xdomain.plan.measurement import UNRECORDED, EvaluatedCheckpoint, MeasuredGrid

MOST_SAMPLES = 10**6
"""Highest allowed sample number of an item."""
STAGE_KEY = re.compile(r"([0-9a-f]{16})[0-9a-f]{48}(@\d+)")


def read_own_records(path: Path) -> MeasuredGrid:
    """Read the checkpoints of a Parquet file, or of all Parquet files in a folder.

    Records do not name the training of a checkpoint, so the result has accuracies and no comparison. A manifest adds
    this information (`read_lm_eval_manifest`).

    Raises:
        AnalysisError: The folder holds no Parquet file, or the files hold no record or incomplete ones.
        StoreError: A file holds no item records.
    """
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    records = demand_complete(read_records(files), path)
    if records.empty:
        raise AnalysisError(
            "holds no item records.", where=str(path), fix="Give a Parquet file of records, or a folder of such files."
        )
    names = tuple(dict.fromkeys(records["checkpoint"]))
    runs = {name: RunId(model=STAGE_KEY.sub(r"\1\2", name)) for name in names}
    return MeasuredGrid(
        experiment=path.stem,
        domains=tuple(dict.fromkeys(records["domain"])),
        runs=tuple(runs.values()),
        checkpoints=tuple(EvaluatedCheckpoint(name, run, effort=UNRECORDED) for name, run in runs.items()),
        records=records,
        description={"source": "item records", "files": [str(file) for file in files]},
    )


def demand_complete(records: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the records after checking that every row names its checkpoint, domain, item and sample.

    Raises:
        AnalysisError: A row lacks one of them.
    """
    for column in ("checkpoint", "domain", "item_id", "sample", "outcome"):
        bad = records[column].isna()
        if column == "sample":
            bad |= ~records[column].between(0, MOST_SAMPLES)
        if bad.any():
            raise AnalysisError(
                f"{int(bad.sum())} of {len(records)} records have no usable {column}, the first is record "
                f"{int(bad.to_numpy().argmax()) + 1}.",
                where=str(path),
                fix="Give the unchanged records.parquet of an evaluation.",
            )
    return records


def records_on_domain(path: Path, label: str, domain: str, checkpoint: str | None = None) -> pd.DataFrame:
    """Return the records of one checkpoint on one domain, renamed to `label` and `domain`.

    Args:
        domain: New name of the domain. If the file holds several domains, it selects the domain of this name.
        checkpoint: Checkpoint to select, if the file holds several.

    Raises:
        AnalysisError: The file has several checkpoints or domains and none of them is named.
        StoreError: The file holds no item records.
    """
    records = demand_complete(read_records([path]), path)
    for column, wanted in (("checkpoint", checkpoint), ("domain", domain)):
        names = list(dict.fromkeys(records[column]))
        if wanted in names:
            records = records[records[column] == wanted]
        elif len(names) != 1 or (column == "checkpoint" and wanted is not None):
            raise AnalysisError(
                f'has no {column} "{wanted}".' if wanted else "has several checkpoints, and none was chosen.",
                where=str(path),
                fix=f"There are: {', '.join(names) or 'none'}.",
            )
    return records.assign(checkpoint=label, domain=domain)
