"""Tables, studies and records from elsewhere with wrong types: one paragraph, exit code 2, never a fault of ours."""

from __future__ import annotations

import copy
import json
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xdomain.analysis.analyse import analyse
from xdomain.analysis.imports import read_accuracy_table
from xdomain.analysis.own_records import read_own_records
from xdomain.analysis.reference import read_reference
from xdomain.core.errors import XDomainError
from xdomain.core.parquet import record_schema
from xdomain.core.records import RECORD_COLUMNS

STUDY = json.loads((resources.files("xdomain.analysis") / "reference" / "when_domains_interact.json").read_text())
GONE = object()


def refused(call, *arguments) -> str:
    with pytest.raises(XDomainError) as caught:
        call(*arguments)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_study_is_read():
    assert len(read_reference(json.dumps(STUDY), "study").table.cells) > 40


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("protocol",), GONE),
        (("protocol", "tests", "math", 1), "many"),
        (("protocol", "tests", "math", 1), 0),
        (("protocol", "tests", "math"), []),
        (("single", "math", "math"), None),
        (("single", "math", "math"), 101),
        (("single", "math", "math"), float("nan")),
        (("single", "math", "math"), GONE),
        (("single",), []),
        (("sequential_pairs", "math>logic"), GONE),
        (("printed",), "none"),
        (("printed", "retention"), []),
        (("printed", "plasticity", "math"), [1]),
        (("curves_decoded_from_vector_pdf", "data", "math"), []),
        (("curves_decoded_from_vector_pdf", "data", "math", 0), {"a": 1}),
        (("paper",), GONE),
    ],
)
def test_a_study_of_another_layout(place, value):
    study = copy.deepcopy(STUDY)
    inner = study
    for step in place[:-1]:
        inner = inner[step]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    assert refused(read_reference, json.dumps(study), "study").startswith("study: is not a published study")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("curriculum,domain,accuracy,n_items\nmath,math,.4,inf\n", "row 1: accuracy and n_items should be numbers"),
        ("curriculum,domain,accuracy,n_items,domain\nmath,math,.4,5,x\n", 'the column "domain" twice'),
        ("curriculum,domain,accuracy,n_items\n" + "m" * 200_000 + ",math,.4,5\n", "is not CSV"),
        ("curriculum,domain,accuracy,n_items\nMath!,math,.4,5\n", "t.csv, row 1: curriculum"),
        ("curriculum,domain,accuracy,n_items\nmath,math\n", "row 1: has no accuracy, n_items"),
    ],
)
def test_tables(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    assert words in refused(read_accuracy_table, tmp_path / "t.csv")


@pytest.mark.parametrize("text", ["", "5", "{}", "[5]", "[" * 100_000, '[{"accuracy": ' + "9" * 5000 + "}]", "\x00"])
def test_json_that_is_no_table(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    assert str(tmp_path / "t.json") in refused(read_accuracy_table, tmp_path / "t.json")


def records(folder: Path, **columns) -> Path:
    plain = {name: ["s" if pa.types.is_string(record_schema().field(name).type) else 1] * 2 for name in RECORD_COLUMNS}
    plain |= {"item_id": ["a", "b"], "sample": [0, 0], "outcome": ["right", "wrong"], "score": [1.0, 0.0]}
    pq.write_table(pa.table(plain | columns), folder / "r.parquet")
    return folder / "r.parquet"


def test_records_of_other_integer_and_text_types_are_read(tmp_path):
    narrow = pa.array([0, 0], type=pa.int8())
    assert analyse(read_own_records(records(tmp_path, sample=narrow))).accuracy.cell("s", "s").estimate == 0.5


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("checkpoint", [None, "s"]),
        ("checkpoint", [[1], [1]]),
        ("domain", [None, None]),
        ("item_id", [None, "b"]),
        ("item_id", [["a"], ["b"]]),
        ("sample", [None, 0]),
        ("sample", ["x", "y"]),
        ("sample", [-1, 0]),
        ("sample", [10**12, 0]),
        ("score", ["x", "y"]),
        ("score", [[1.0], [0.0]]),
        ("completion_tokens", ["x", "y"]),
        ("outcome", [None, "right"]),
        ("prompt_hash", [[1], [1]]),
    ],
)
def test_records_of_wrong_types(tmp_path, column, values):
    assert "r.parquet" in refused(read_own_records, records(tmp_path, **{column: values}))
