"""What an analysis found, as a whole."""

from __future__ import annotations

import json

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.result.analysis_result import AnalysisResult, result_schema
from xdomain.core.errors import AnalysisError


@pytest.fixture(scope="module")
def result() -> AnalysisResult:
    return analyse(make_grid(("math", "science"), ("math", "science"), n_items=12, samples=2))


def test_it_survives_json(result: AnalysisResult) -> None:
    assert AnalysisResult.model_validate(json.loads(result.model_dump_json())) == result


def test_matrices_by_name(result: AnalysisResult) -> None:
    assert result.matrix("accuracy") is result.accuracy
    with pytest.raises(AnalysisError, match=r'no matrix "acuracy"\. Did you mean "accuracy"') as caught:
        result.matrix("acuracy")
    assert str(caught.value.fix).startswith("It has accuracy, ")


def test_the_schema_describes_what_is_written(result: AnalysisResult) -> None:
    schema = result_schema()
    assert set(schema["properties"]) == set(result.model_dump(mode="json"))
    assert {"Cell", "Matrix", "AccuracyMatrix"} <= schema["$defs"].keys()
