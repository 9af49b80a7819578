"""Rows as public data sets have them: chats with parts, JSON in cells, dotted names, byte order marks, long cells."""

from __future__ import annotations

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.domains_from_rows import domain, items, write_jsonl
from xdomain.core.errors import DataError
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.item_fields import ABSENT, find
from xdomain.domains.values import WrittenNumber, load_json

USER = {"role": "user", "content": "What is 1+1?"}


def verl(tmp_path, prompt, ground_truth="2", **settings):
    row = {"data_source": "x", "prompt": prompt, "reward_model": {"style": "rule", "ground_truth": ground_truth}}
    source = {"kind": "verl", "test": write_jsonl(tmp_path / "rows.jsonl", [row])}
    return items(domain(source, **{"fields": {}, **settings}))[0]


@pytest.mark.parametrize(
    ("prompt", "text", "system"),
    [
        ([USER], "What is 1+1?", "Default."),
        ([{"role": "system", "content": "Think."}, USER], "What is 1+1?", "Think."),
        ([{"role": "system", "content": None}, USER], "What is 1+1?", "Default."),
        ([{"role": "system", "content": ""}, USER], "What is 1+1?", "Default."),
        ([{"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "1+1?"}]}],
         "What is 1+1?", "Default."),
        (json.dumps([USER]), "What is 1+1?", "Default."),
        ("What is 1+1?", "What is 1+1?", "Default."),
        ("[1, 2, 3]", "[1, 2, 3]", "Default."),
        ("[1, 2] has how many entries?", "[1, 2] has how many entries?", "Default."),
        ('{"a": 1}', '{"a": 1}', "Default."),
        ('[{"a": 1}]', '[{"a": 1}]', "Default."),
        ([{"role": "user", "content": "[1, 2, 3]"}], "[1, 2, 3]", "Default."),
        ([{"role": "user", "content": '[{"type": "text"}]'}], '[{"type": "text"}]', "Default."),
    ],
)  # fmt: skip
def test_prompts_of_verl_rows(tmp_path, prompt, text, system):
    item = verl(tmp_path, prompt, system="Default.")
    assert (item.prompt, item.system, item.gold) == (text, system, "2")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ([USER, {"role": "assistant", "content": "2"}, USER], "Found user, assistant, user"),
        ([USER, USER], "Found user, user"),
        ([{"from": "human", "value": "Q"}], "Found a message without a role"),
        ([{"role": "assistant", "content": "2"}], "Found assistant"),
        ([{"role": "system", "content": "Think."}], "Found system"),
        ([{"role": "user", "content": [{"type": "image", "image": "x.png"}]}], r"Found \['image'\]"),
        ([{"role": "user", "content": None}], "`question` is null"),
        ([], "the prompt is empty"),
        (None, "`question` is null"),
    ],
)
def test_chats_that_are_no_single_question_are_bad_rows(tmp_path, prompt, words):
    with pytest.raises(BadRow, match=rf"rows\.jsonl:1: .*{words}.*on_bad_row: skip"):
        verl(tmp_path, prompt)


@pytest.mark.parametrize(
    ("ground_truth", "gold"), [("2", "2"), (2, "2"), (2.50, "2.5"), (["2"], "2"), ("[2]", "[2]"), ('["2"]', '["2"]')]
)
def test_ground_truths(tmp_path, ground_truth, gold):
    assert verl(tmp_path, [USER], ground_truth).gold == gold


@pytest.mark.parametrize(("ground_truth", "words"), [(None, "is null"), (["1", "2"], "Found"), ({"x": 1}, "Found")])
def test_ground_truths_that_are_no_answer(tmp_path, ground_truth, words):
    with pytest.raises(BadRow, match=rf"rows\.jsonl:1: `gold` .*{words}"):
        verl(tmp_path, [USER], ground_truth)


def test_ground_truth_may_be_elsewhere(tmp_path):
    row = {"prompt": [USER], "reward_model": {"style": "model"}, "extra_info": {"answer": 2}}
    source = {"kind": "verl", "test": write_jsonl(tmp_path / "rows.jsonl", [row])}
    assert items(domain(source, fields={"gold": "extra_info.answer"}))[0].gold == "2"
    with pytest.raises(DataError, match="Choose another kind of source"):
        items(domain({"kind": "verl", "test": write_jsonl(tmp_path / "other.jsonl", [{"q": 1}])}, fields={}))


def test_verl_chats_in_parquet(tmp_path):
    rows = [{"prompt": [USER], "reward_model": {"ground_truth": gold}} for gold in ("2", None, "3")]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    made = domain({"kind": "verl", "test": str(tmp_path / "rows.parquet")}, fields={}, on_bad_row="skip")
    assert [item.gold for item in items(made)] == ["2", "3"]


def test_a_column_with_dots_in_its_name_comes_first(tmp_path):
    rows = [{"q": "x", "reward_model.ground_truth": "literal", "reward_model": {"ground_truth": "nested"}}]
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    fields = {"question": "q", "gold": "reward_model.ground_truth"}
    assert items(domain(source, fields=fields))[0].gold == "literal"


@pytest.mark.parametrize(
    ("place", "found"),
    [("a.b", 1), ("a.b.c", 2), ("d.0.e", 3), ("d.1", ABSENT), ("f.g", 4), ("f.h", ABSENT), ("n.x", ABSENT)],
)
def test_places(place, found):
    row = {"a.b": 1, "a": {"b": {"c": 2}}, "d": [{"e": 3}], "f": '{"g": 4}', "n": None}
    assert find(row, place) == found or find(row, place) is found


@pytest.mark.parametrize("spelling", ["1", "1.0", "1.10", "-0.50", "1e3", "12345678901234567890.5"])
def test_numbers_keep_the_spelling_of_their_file(tmp_path, spelling):
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"q": "x", "a": {spelling}, "n": {spelling}}}\n')
    fields = {"question": "q", "gold": "a", "n": "n"}
    item = items(domain({"kind": "jsonl", "test": str(path)}, fields=fields, template="{{ question }} {{ n }}"))[0]
    assert (item.prompt, item.gold) == (f"x {spelling}", spelling)
    assert type(item.metadata["n"]) in (int, float)


def test_decimals_of_parquet_keep_their_places(tmp_path):
    golds = pa.array([Decimal("1.00"), Decimal("2.50"), None], type=pa.decimal128(10, 2))
    pq.write_table(pa.table({"q": ["a", "b", "c"], "a": golds}), tmp_path / "rows.parquet")
    made = domain({"kind": "parquet", "test": str(tmp_path / "rows.parquet")}, on_bad_row="skip")
    assert [item.gold for item in items(made)] == ["1.00", "2.50"]


def test_written_numbers_are_numbers():
    value = load_json('{"a": [1.50]}')["a"][0]
    assert isinstance(value, WrittenNumber)
    assert (value + 1, str(value), json.dumps(value)) == (2.5, "1.50", "1.5")


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv"])
def test_a_byte_order_mark_is_passed_over(tmp_path, kind):
    texts = {"jsonl": '{"q": "x", "a": "1"}\n', "json": '[{"q": "x", "a": "1"}]', "csv": "q,a\nx,1\n"}
    path = tmp_path / f"rows.{kind}"
    path.write_text(texts[kind], encoding="utf-8-sig")
    assert [(item.prompt, item.gold) for item in items(domain({"kind": kind, "test": str(path)}))] == [("x", "1")]


def test_long_cells_and_line_ends_of_csv(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'q,a,,\r\n"' + b"long " * 60_000 + b'\r\nend",1,,\r\n')
    (item,) = items(domain({"kind": "csv", "test": str(path)}))
    assert item.prompt == "long " * 60_000 + "\r\nend"


def options(tmp_path, *rows, **settings):
    described = {
        "fields": {"question": "q"},
        "options": {"right": "r", "wrong": ["w1", "w2"]},
        "template": "{{ question }} {{ options | join('; ') }}",
        "verifier": {"kind": "choice", "choices": "ABC"},
    }
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    return domain(source, **described, **settings)


@pytest.mark.parametrize(("right", "text"), [(4, "4"), (4.5, "4.5"), ("4 ", "4"), (True, "True")])
def test_options_may_be_numbers(tmp_path, right, text):
    (item,) = items(options(tmp_path, {"q": "Pick", "r": right, "w1": 5, "w2": "6"}))
    assert item.metadata["options"]["ABC".index(item.gold)] == text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"r": "4", "w1": "4 ", "w2": "6"}, "two options are the same. Found '4' twice"),
        ({"r": "4", "w1": "6", "w2": " 6"}, "two options are the same. Found '6' twice"),
        ({"r": 4, "w1": "4", "w2": "6"}, "two options are the same"),
        ({"r": "4", "w1": None, "w2": "6"}, "every option should be a text or a number"),
        ({"r": "4", "w1": float("nan"), "w2": "6"}, "every option should be a text or a number"),
        ({"r": "4", "w1": "", "w2": "6"}, "every option should be a text or a number"),
        ({"r": "4", "w2": "6"}, "every option should be a text or a number"),
    ],
)
def test_options_that_are_missing_or_repeated_make_a_bad_row(tmp_path, row, words):
    good = {"q": "Good", "r": "1", "w1": "2", "w2": "3"}
    with pytest.raises(BadRow, match=rf"rows\.jsonl:2: {words}"):
        items(options(tmp_path, good, {"q": "Bad"} | row))
    made = options(tmp_path, good, {"q": "Bad"} | row, on_bad_row="skip")
    assert len(items(made)) == 1
    assert "1 of 2 rows was left out" in made.left_out()


def test_options_in_one_column(tmp_path):
    fields = {"question": "q", "gold": "a", "options": "o"}
    rows = [{"q": f"{n}", "a": "A", "o": o} for n, o in enumerate((["x", "y"], ["x", "x "], ["x", None], [1, 2]))]
    source = {"kind": "jsonl", "test": write_jsonl(tmp_path / "rows.jsonl", rows)}
    made = domain(source, fields=fields, on_bad_row="skip", verifier={"kind": "choice", "choices": "AB"})
    assert [item.prompt for item in items(made)] == ["0", "3"]


def test_a_parquet_column_twice_is_refused(tmp_path):
    table = pa.table({"q": ["x"], "a": ["1"]}).append_column("q", pa.array(["y"]))
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r'rows\.parquet: the file has the column "q" 2 times'):
        items(domain({"kind": "parquet", "test": str(tmp_path / "rows.parquet")}))


def test_bytes_are_read_as_utf8_or_make_a_bad_row(tmp_path):
    cells = pa.array(["ä?".encode(), b"\xff", b"b?"], type=pa.binary())
    pq.write_table(pa.table({"q": cells, "a": ["1", "2", "3"]}), tmp_path / "rows.parquet")
    made = domain({"kind": "parquet", "test": str(tmp_path / "rows.parquet")}, on_bad_row="skip")
    assert [item.prompt for item in items(made)] == ["ä?", "b?"]
    assert "a cell holds bytes that are not UTF-8 text (1, the first at rows.parquet:2)" in made.left_out()


def test_single_precision_is_written_with_its_own_digits(tmp_path):
    gold = pa.array([0.1, 16777216.0, 1e-7, None], pa.float32())
    pq.write_table(pa.table({"q": ["a", "b", "c", "d"], "a": gold}), tmp_path / "rows.parquet")
    found = items(domain({"kind": "parquet", "test": str(tmp_path / "rows.parquet")}, on_bad_row="skip"))
    assert [item.gold for item in found] == ["0.1", "16777216.0", "1e-07"]


@pytest.mark.parametrize("kind", ["images", "videos", "audios"])
def test_a_verl_row_with_pictures_is_bad(tmp_path, kind):
    row = {"prompt": [USER], "reward_model": {"ground_truth": "2"}}
    source = {"kind": "verl", "test": write_jsonl(tmp_path / "rows.jsonl", [row | {kind: [{"bytes": "x"}]}])}
    with pytest.raises(BadRow, match=f"the row has `{kind}`, but prompts are text"):
        items(domain(source, fields={}))
    for nothing in (None, []):
        source = {"kind": "verl", "test": write_jsonl(tmp_path / "rows.jsonl", [row | {kind: nothing}])}
        assert items(domain(source, fields={}))[0].prompt == "What is 1+1?"


def test_a_csv_file_that_repeats_its_header_is_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("q,a\n1+1?,2\nq,a\n2+2?,4\n")
    with pytest.raises(DataError, match=r"rows\.csv:3: row 2 repeats the header"):
        items(domain({"kind": "csv", "test": str(tmp_path / "rows.csv")}))


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_suspected(tmp_path, mark):
    (tmp_path / "rows.csv").write_text(f"q{mark}a\n1+1?{mark}2\n")
    source = {"kind": "csv", "test": str(tmp_path / "rows.csv")}
    with pytest.raises(DataError, match=r"set `source\.delimiter`"):
        items(domain(source))
    assert items(domain(source | {"delimiter": mark}))[0].gold == "2"
