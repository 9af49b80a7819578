"""A missing value stays missing: never the word "None" or "nan" in an item; a row that needs it is bad."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.domains_from_rows import domain, items, write_jsonl
from tests.support.grids import make_grid
from tests.support.small_grid import command
from xdomain.analysis.analyse import analyse
from xdomain.api.measuring import left_out_of
from xdomain.core.errors import DataError
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.base import Split
from xdomain.domains.check import check_domain
from xdomain.domains.templates import render
from xdomain.domains.values import is_null, plain_json, readable
from xdomain.report.overview import overview

ROW = {"q": "What is 1+1?", "a": "2"}
NULLS = [None, float("nan")]


def one(tmp_path, row, **settings):
    return items(domain({"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", [ROW | row])}, **settings))[0]


@pytest.mark.parametrize("null", [*NULLS, "", "  "])
def test_an_optional_field_that_is_missing_is_missing(tmp_path, null):
    fields = {"question": "q", "gold": "a", "system": "s", "cluster": "c", "id": "n", "note": "note"}
    row = {"s": null, "c": null, "n": null, "note": None}
    item = one(tmp_path, row, fields=fields, system="Be brief.")
    assert (item.system, item.cluster_id, dict(item.metadata)) == ("Be brief.", "", {})
    assert item.id == one(tmp_path, {}).id, "the prompt makes the id"


def test_an_optional_field_that_some_rows_have(tmp_path):
    rows = [{"q": f"{n}?", "a": "1"} | ({"c": n % 2, "s": "Think."} if n < 4 else {}) for n in range(6)]
    fields = {"question": "q", "gold": "a", "cluster": "c", "system": "s"}
    made = items(domain({"kind": "jsonl", "test": write_jsonl(tmp_path / "r.jsonl", rows)}, fields=fields))
    assert [item.cluster_id for item in made] == ["0", "1", "0", "1", "", ""]
    assert [item.system for item in made] == ["Think."] * 4 + [None] * 2
    with pytest.raises(DataError, match=r'r\.jsonl:1: there is no column "cc"'):
        items(domain({"kind": "jsonl", "test": str(tmp_path / "r.jsonl")}, fields={**fields, "cluster": "cc"}))


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize(
    ("row", "settings", "words"),
    [
        ("a", {}, "`gold` is null"),
        ("a", {"fields": {"question": "q", "gold": {"column": "a", "pattern": ".+"}}}, "`gold` is null"),
        ("q", {}, "`question` is null"),
        ("p", {"template": "{{ p }} {{ question }}"}, "`p` is null"),
        ("p", {"template": "{{ question ~ p }}"}, "`p` is null"),
        ("p", {"template": "{{ p | trim }}{{ question }}"}, "`p` is null"),
        ("p", {"solution": "{{ p }}"}, "`p` is null"),
    ],
)
def test_a_null_that_would_be_written_makes_a_bad_row(tmp_path, null, row, settings, words):
    fields = {"question": "q", "gold": "a", "p": "p"}
    rows = [{**ROW, "q": f"{n}?", "p": "Passage."} for n in range(4)]
    rows[2][row] = null
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    settings = {"fields": fields} | settings
    with pytest.raises(BadRow, match=rf"rows\.jsonl:3: {words}.*set `on_bad_row: skip` for domains\.sums") as caught:
        items(domain(source, **settings))
    assert caught.value.exit_code == 2
    made = domain(source, on_bad_row="skip", **settings)
    assert len(items(made)) == 3
    assert made.left_out().startswith(f"test: 1 of 4 rows was left out: {words}")
    assert "the first at rows.jsonl:3" in made.left_out()
    assert made.left_out() in check_domain(made).notes


def test_nested_nulls(tmp_path):
    rows = [{"q": "x", "a": "1", "info": info} for info in ({"hint": "h"}, {"hint": None}, {}, None)]
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    settings = {"fields": {"question": "q", "gold": "a", "hint": "info.hint"}, "on_bad_row": "skip"}
    made = domain(source, template="{{ question }} {{ hint }}", **settings)
    assert [item.prompt for item in items(made)] == ["x h"]
    assert "3 of 4 rows were left out: `hint` is null" in made.left_out()
    guarded = domain(source, template="{{ question }}{% if hint %} {{ hint }}{% endif %}", **settings)
    assert [item.prompt for item in items(guarded)] == ["x h", "x"], "a template may say what stands for a null"
    assert guarded.left_out() is None


def test_empty_cells_of_parquet(tmp_path):
    frame = pd.DataFrame({"q": ["a?", "b?", None], "a": [1.0, None, 3.0], "c": pd.array([7, None, 7], dtype="Int64")})
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "rows.parquet")
    fields = {"question": "q", "gold": "a", "cluster": "c"}
    made = domain({"kind": "parquet", "test": str(tmp_path / "rows.parquet")}, fields=fields, on_bad_row="skip")
    assert [(item.prompt, item.gold, item.cluster_id) for item in items(made)] == [("a?", "1.0", "7")]
    assert "`gold` is null (1, the first at rows.parquet:2)" in made.left_out()
    assert "`question` is null" in made.left_out()


def test_filters_run_on_nulls_before_a_row_is_judged_bad(tmp_path):
    rows = [{"q": f"{n}?", "a": None if n == 3 else str(n), "level": None if n == 1 else n} for n in range(5)]
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    fields = {"question": "q", "gold": "a", "level": "level"}
    kept = items(domain(source, fields=fields, filters=[{"field": "gold", "min_length": 1}]))
    assert [item.gold for item in kept] == ["0", "1", "2", "4"]
    for entry, golds in (({"minimum": 0, "maximum": 2}, ["0", "2"]), ({"one_of": [0, 4]}, ["0", "4"])):
        made = items(domain(source, fields=fields, filters=[{"field": "level", **entry}]))
        assert [item.gold for item in made] == golds


def test_when_every_row_is_bad_the_count_says_why(tmp_path):
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", [{"q": "x", "a": None}] * 3)}
    with pytest.raises(DataError, match=r"no row of test is left.*3 of 3 rows were left out: `gold` is null"):
        items(domain(source, on_bad_row="skip"))


def test_skipping_is_no_part_of_the_identity(tmp_path):
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", [ROW])}
    assert domain(source).item_identity() == domain(source, on_bad_row="skip").item_identity()
    assert domain(source).items(Split.TEST) == domain(source, on_bad_row="skip").items(Split.TEST)


@pytest.mark.parametrize("value", [None, math.nan, pd.NA, pd.NaT, pd.Series([None, 1.0])[0], pa.scalar(None).as_py()])
def test_what_counts_as_missing(value):
    assert is_null(value)
    assert readable(value) is None
    assert plain_json({"a": [value]}) == {"a": [None]}


@pytest.mark.parametrize("value", [0, 0.0, False, "", "nan", "None", "null", [], {}])
def test_what_does_not(value):
    assert not is_null(value)


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{{ a | default('-') }}", None, "-"),
        ("{{ a or 'no' }}", math.nan, "no"),
        ("{% if a is none %}none{% endif %}", None, "none"),
        ("{{ a | tojson }}", ["x", None], '["x", null]'),
        ("{% if a == none %}none{% endif %}", None, "none"),
    ],
)
def test_templates_may_handle_nulls(template, value, text):
    assert render(template, {"a": value}, where="x") == text


@pytest.mark.parametrize("template", ["{{ a }}", "{{ a.b }}", "{{ a | upper }}", "{{ '%s' % a }}", "{{ [a] }}"])
def test_no_template_writes_a_null(template):
    with pytest.raises(BadRow, match="`a` is null"):
        render(template, {"a": None}, where="x")
    with pytest.raises(BadRow, match="is null"):
        render("{{ a | join }}", {"a": ["x", None]}, where="x")


def test_a_text_that_spells_none_is_a_text(tmp_path):
    assert one(tmp_path, {"a": "None"}).gold == "None"
    assert json.loads('{"a": "nan"}')["a"] == one(tmp_path, {"a": "nan"}).gold


EXPERIMENT = """
name: skip
model: {preset: tiny_qwen3}
domains:
  - name: sums
    source: {kind: jsonl, path: rows.jsonl}
    fields: {question: q, gold: a}
    verifier: number
    on_bad_row: skip
grid: {singles: true}
training: {steps: 2, prompts_per_step: 4, generations: 2, max_completion_tokens: 8}
evaluation: {items: 20}
"""


def test_plan_and_report_count_what_was_left_out(tmp_path):
    rows = [{"q": f"{n}+1?", "a": None if n in (16, 40) else n + 1} for n in range(1200)]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    (tmp_path / "skip.yaml").write_text(EXPERIMENT)
    told = "2 of 1,200 rows were left out: `gold` is null (2, the first at rows.jsonl:17)."
    ended = subprocess.run(command("grid", "plan", tmp_path / "skip.yaml"), capture_output=True, text=True, check=True)
    assert f"sums: {told}" in " ".join(ended.stdout.split())
    planned = subprocess.run(
        [*command("grid", "plan", tmp_path / "skip.yaml"), "--json"], capture_output=True, check=True
    )
    assert json.loads(planned.stdout)["rows_left_out"] == [f"sums: {told}"]
    made = domain({"kind": "jsonl", "path": path}, on_bad_row="skip")
    description = left_out_of([made])
    result = analyse(replace(make_grid(("sums",), ("sums",), (0,)), description=description))
    assert f"sums: {told}" in overview(result)
    gone = domain({"kind": "jsonl", "path": str(tmp_path / "gone.jsonl")}, on_bad_row="skip")
    filtered = domain({"kind": "jsonl", "path": path}, filters=[{"field": "gold", "min_length": 1}])
    assert left_out_of([gone, filtered]) == {}


JUDGE = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
CRITERIA = [{"name": "clarity"}]
NEEDED = [
    ({"kind": "unit_tests", "style": "asserts"}, "tests", ["assert f() == 1"]),
    ({"kind": "unit_tests", "style": "functional"}, "tests", {"functional": "check(f)"}),
    ({"kind": "criteria_judge", "judge": JUDGE}, "criteria", CRITERIA),
]


@pytest.mark.parametrize("missing", [None, float("nan"), "", " ", [], {}])
@pytest.mark.parametrize(("verifier", "name", "present"), NEEDED)
def test_a_row_without_what_the_verifier_judges_by_is_bad(tmp_path, verifier, name, present, missing):
    rows = [ROW | {name: missing}, {**ROW, "q": "What is 2+2?", name: present}]
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    described = {"fields": {"question": "q", "gold": "a", name: name}, "verifier": verifier}
    with pytest.raises(BadRow, match=rf"rows\.jsonl:1: `{name}` is (null|empty), but the verifier"):
        items(domain(source, **described))
    skipping = domain(source, **described, on_bad_row="skip")
    assert [item.metadata[name] for item in items(skipping)] == [present]
    assert "1 of 2 rows was left out" in skipping.left_out()


def test_the_fields_that_a_style_needs_are_mapped(tmp_path):
    row = ROW | {"tests": "def check(f): assert f() == 1", "prompt": "def f():\n", "entry_point": "f"}
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", [row])}
    fields = {"question": "q", "gold": "a", "tests": "tests", "prompt": "prompt", "entry_point": "entry_point"}
    verifier = {"kind": "unit_tests", "style": "humaneval"}
    assert len(items(domain(source, fields=fields, verifier=verifier))) == 1
    for name in ("tests", "prompt", "entry_point"):
        fewer = {key: column for key, column in fields.items() if key != name}
        with pytest.raises(BadRow, match=f"`{name}` is not mapped"):
            items(domain(source, fields=fewer, verifier=verifier))
