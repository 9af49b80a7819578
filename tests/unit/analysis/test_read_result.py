"""Exports of a report are read back, those of schema version 1 too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from xdomain.analysis.read_result import parse_result, read_result
from xdomain.core.errors import AnalysisError
from xdomain.report.markdown import render_markdown
from xdomain.report.write import write_report

SMOKE = Path(__file__).parents[2] / "fixtures" / "smoke" / "report.json.gz"


def test_an_export_is_read_back_as_it_was(result, tmp_path):
    written = write_report(result, tmp_path, ["json"])
    assert read_result(written["json"]) == result


def test_a_report_of_version_1_is_read_and_rendered():
    document = json.loads(gzip.decompress(SMOKE.read_bytes()))
    assert document["meta"]["schema_version"] == 1
    result = parse_result(document)
    assert result.meta.schema_version == 2
    assert next(iter(result.matrices)) == "accuracy"
    transfer = result.matrices["transfer"]
    assert transfer.section == "main"
    assert transfer.model_dump(mode="json")["cells"] == document["transfer"]["cells"]
    assert result.matrices["lost"].direction == "harm"
    assert result.matrices["gained"].cells.keys() == document["turnover"]["gained"]["cells"].keys()
    assert {m["name"] for m in document["pass_at_k"]} <= set(result.matrices)
    pair = next(label for label, effort in result.effort.items() if len(effort.phases) == 2)
    assert result.effort[pair].parent == result.effort[pair].phases[0]
    assert "## Transfer" in render_markdown(result)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "not the JSON export"),
        ({"meta": {"schema_version": 3}}, "schema version 3"),
        ({"meta": {"schema_version": 1}}, "does not have the shape of version 1"),
        (
            {"meta": {"schema_version": 2}, "matrices": {}},
            r"does not have the shape of version 2: \w+: Field required\.",
        ),
    ],
)
def test_what_is_no_export_is_refused(document, words):
    with pytest.raises(AnalysisError, match=words) as error:
        parse_result(document, "old.json")
    assert error.value.where == "old.json"
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_result(tmp_path / "report.json")
