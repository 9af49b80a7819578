"""Record columns as numbers. Each string column is coded once, because comparing 1.6 million strings is slow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xdomain.core.errors import AnalysisError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Coded:
    """A column of strings, coded as numbers.

    Attributes:
        codes: Index into `names`, -1 if missing.
    """

    codes: IntArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, records: pd.DataFrame, column: str) -> Coded | None:
        """Return the coded column, or None if the records lack it."""
        if column not in records.columns:
            return None
        categories = records[column].astype("category").cat
        return cls(categories.codes.to_numpy().astype(np.intp), tuple(str(name) for name in categories.categories))

    def is_value(self, name: str, rows: IntArray) -> NDArray[np.bool_]:
        """Return a mask of the `rows` that hold `name`."""
        code = self.names.index(name) if name in self.names else -2
        found: NDArray[np.bool_] = self.codes[rows] == code
        return found


@dataclass(frozen=True)
class Columns:
    """The columns of all records, each coded once."""

    item_id: Coded
    cluster_id: Coded | None
    prompt_hash: Coded | None
    gold: Coded | None
    scorer: Coded | None
    outcome: Coded | None
    finish_reason: Coded | None
    sample: IntArray
    score: FloatArray
    completion_tokens: FloatArray | None
    mean_entropy: FloatArray | None


def code_columns(records: pd.DataFrame, *, gold: bool = False) -> Columns:
    """Code every column that panels are built from.

    Args:
        gold: True to code the gold answers too.

    Raises:
        AnalysisError: Some scores are not numbers.
    """

    def numbers(column: str) -> FloatArray | None:
        return records[column].to_numpy(dtype=np.float64, na_value=np.nan) if column in records.columns else None

    try:
        score = records["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"the records have scores that are not numbers: {error}.") from error
    item_id = Coded.of(records, "item_id")
    assert item_id is not None
    return Columns(
        item_id=item_id,
        cluster_id=Coded.of(records, "cluster_id"),
        prompt_hash=Coded.of(records, "prompt_hash"),
        gold=Coded.of(records, "gold") if gold else None,
        scorer=Coded.of(records, "scorer"),
        outcome=Coded.of(records, "outcome"),
        finish_reason=Coded.of(records, "finish_reason"),
        sample=records["sample"].to_numpy(dtype=np.intp),
        score=score,
        completion_tokens=numbers("completion_tokens"),
        mean_entropy=numbers("mean_entropy"),
    )
