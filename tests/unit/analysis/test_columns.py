"""Record columns as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xdomain.analysis.columns import Coded, code_columns
from xdomain.core.errors import AnalysisError

RECORDS = pd.DataFrame(
    {"item_id": ["b", "a", "b"], "sample": [0, 0, 1], "score": [1, None, 0.5], "gold": ["x", None, "y"]}
)


def test_strings_become_positions_and_missing_ones_minus_one() -> None:
    coded = Coded.of(RECORDS, "gold")
    assert coded is not None
    assert coded.names == ("x", "y")
    assert coded.codes.tolist() == [0, -1, 1]
    assert coded.is_value("y", np.array([2, 0])).tolist() == [True, False]
    assert not coded.is_value("z", np.arange(3)).any(), "a missing value is no unknown one either"
    assert Coded.of(RECORDS, "cluster_id") is None


def test_what_records_lack_is_none_and_missing_numbers_are_nan() -> None:
    columns = code_columns(RECORDS)
    assert columns.item_id is not None
    assert columns.score.tolist()[::2] == [1.0, 0.5]
    assert np.isnan(columns.score[1])
    assert (columns.gold, columns.outcome, columns.completion_tokens) == (None, None, None)
    gold = code_columns(RECORDS, gold=True).gold
    assert gold is not None
    assert gold.names == ("x", "y")


def test_scores_that_are_no_numbers() -> None:
    with pytest.raises(AnalysisError, match="scores that are not numbers"):
        code_columns(RECORDS.assign(score=["good", "bad", "1"]))
