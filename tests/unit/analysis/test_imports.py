"""Accuracy tables and lm-evaluation-harness samples become something that can be analysed."""

import json

import pytest

from xdomain.analysis.analyse import analyse
from xdomain.analysis.analyse_table import analyse_table
from xdomain.analysis.imports import read_accuracy_table
from xdomain.analysis.lm_eval import read_lm_eval_manifest
from xdomain.analysis.own_records import read_own_records
from xdomain.core.errors import AnalysisError, StoreError
from xdomain.core.parquet import write_records
from xdomain.core.records import ItemRecord
from xdomain.report.overview import overview

CSV = """curriculum,domain,accuracy,n_items
base,math,0.4,500
math,math,0.6,500
base,logic,0.2,700
math,logic,0.25,700
"""


def test_csv_and_json_tables_agree(tmp_path):
    (tmp_path / "t.csv").write_text(CSV)
    header, *rows = [line.split(",") for line in CSV.split()]
    (tmp_path / "t.json").write_text(json.dumps([dict(zip(header, row, strict=True)) for row in rows]))
    first, second = (read_accuracy_table(tmp_path / name) for name in ("t.csv", "t.json"))
    assert first.cells == second.cells
    cell = analyse_table(first).matrices["transfer"].cell("math", "math")
    assert cell.estimate == pytest.approx(0.2)
    assert cell.n_items == 500
    assert cell.word == "gain"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("curriculum,domain,accuracy\nmath,math,0.4\n", "has no n_items"),
        ("curriculum,domain,accuracy,n_items\nmath,math,good,5\n", "should be numbers"),
        (CSV + "math,math,0.6,500\n", "listed twice"),
    ],
)
def test_malformed_tables(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(AnalysisError, match=words) as error:
        read_accuracy_table(tmp_path / "t.csv")
    assert "row" in str(error.value)


def test_a_mark_of_byte_order_before_the_header_is_passed_over(tmp_path):
    (tmp_path / "t.csv").write_text(CSV, encoding="utf-8-sig")
    (tmp_path / "plain.csv").write_text(CSV)
    assert read_accuracy_table(tmp_path / "t.csv").cells == read_accuracy_table(tmp_path / "plain.csv").cells


def test_true_is_no_accuracy(tmp_path):
    row = {"curriculum": "math", "domain": "math", "accuracy": True, "n_items": 5}
    (tmp_path / "t.json").write_text(json.dumps([row]))
    with pytest.raises(AnalysisError, match="row 1: accuracy and n_items should be numbers: true and false"):
        read_accuracy_table(tmp_path / "t.json")


def sample(number, score, answer_filter="strict", **extra):
    row = {
        "doc_id": number,
        "doc_hash": f"h{number}",
        "prompt_hash": f"p{number}",
        "target": "7",
        "filter": answer_filter,
    }
    return {**row, "filtered_resps": [f"it is {number}"], "metrics": ["exact_match"], "exact_match": score, **extra}


def write(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path.name


@pytest.fixture
def manifest(tmp_path):
    runs = []
    for curriculum, cut in (("base", 10), ("math", 25), ("logic", 12), ("math -> logic", 22), ("logic -> math", 30)):
        rows = [sample(n, float(n < cut)) for n in range(40)]
        name = write(tmp_path / f"{curriculum}.jsonl".replace(" ", "").replace(">", ""), rows)
        runs.append({"curriculum": curriculum, "seed": 0, "samples": {"math": name}})
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"name": "elsewhere", "runs": runs}))
    return path


def test_samples_are_paired_by_document(manifest):
    result = analyse(read_lm_eval_manifest(manifest))
    cell = result.matrices["transfer"].cell("math", "math")
    assert cell.estimate == pytest.approx(15 / 40)
    assert cell.p == pytest.approx(2 * 0.5**15)
    assert cell.speaks_of == "these checkpoints"
    assert result.matrices["order_effect"].cell("math, logic", "math").estimate == pytest.approx(-8 / 40)
    assert result.items[0].completion_after.startswith("it is")


def test_several_filters_need_a_choice(manifest, tmp_path):
    rows = [sample(n, 1.0, f) for n in range(5) for f in ("strict", "flexible")]
    write(tmp_path / "base.jsonl", rows)
    with pytest.raises(AnalysisError, match="several of filter"):
        read_lm_eval_manifest(manifest)
    value = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**value, "filter": {"math": "strict"}}))
    records = read_lm_eval_manifest(manifest).records
    assert (records["checkpoint"] == "base").sum() == 5


def test_a_missing_file_is_named(manifest, tmp_path):
    (tmp_path / "math.jsonl").unlink()
    with pytest.raises(AnalysisError, match=r"math\.jsonl"):
        read_lm_eval_manifest(manifest)


def test_a_line_without_pairing_key_is_named(manifest, tmp_path):
    (tmp_path / "math.jsonl").write_text('{"exact_match": 1.0}\n')
    with pytest.raises(AnalysisError, match=r"line 1.*doc_hash"):
        read_lm_eval_manifest(manifest)


def as_records(path, checkpoint, domain, right, items=40):
    """Records of one checkpoint in which the first `right` items are right."""
    records = [
        ItemRecord(
            stage_key="k",
            checkpoint=checkpoint,
            domain=domain,
            item_id=f"i{number}",
            cluster_id=f"i{number}",
            sample=0,
            prompt_hash="p",
            completion="c",
            answer="7",
            gold="7",
            score=float(number < right),
            outcome="right" if number < right else "wrong",
            reason="",
            completion_tokens=3,
            finish_reason="stop",
            mean_entropy=None,
            scorer="exact/1",
            seed=0,
        )
        for number in range(items)
    ]
    write_records(path, records)
    return records


def test_our_own_records_show_accuracies_and_compare_nothing(tmp_path):
    as_records(tmp_path / "a.parquet", f"{'0123456789abcdef' * 4}@10", "math", 10)
    as_records(tmp_path / "b.parquet", "somebody/model", "math", 30)
    one = analyse(read_own_records(tmp_path / "a.parquet"))
    assert one.accuracy.cell("0123456789abcdef@10", "math").estimate == pytest.approx(0.25)
    both = analyse(read_own_records(tmp_path))
    assert both.accuracy.cell("somebody/model", "math").estimate == pytest.approx(0.75)
    assert both.accuracy.answers["somebody/model"]["math"].mean_tokens == 3
    assert both.matrices["change"].cell("somebody/model", "math").estimate is None
    assert both.effort["somebody/model"].steps is None, "what is not known is not 0"
    assert overview(both).startswith("Imported results")


def test_a_manifest_says_what_our_own_records_were_trained_on(tmp_path):
    base = as_records(tmp_path / "base.parquet", "b@0", "gsm8k", 10)
    steps = as_records(tmp_path / "math.parquet", "m@10", "gsm8k", 20)
    steps += as_records(tmp_path / "math.parquet", "m@20", "gsm8k", 25)
    write_records(tmp_path / "math.parquet", steps)
    runs = [
        {"curriculum": "base", "samples": {"math": "base.parquet"}},
        {"curriculum": "math", "samples": {"math": "math.parquet"}},
    ]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"runs": runs}))
    with pytest.raises(AnalysisError, match=r"math\.parquet.*several checkpoints.*m@10, m@20"):
        read_lm_eval_manifest(path)
    runs[1]["checkpoint"] = "m@20"
    path.write_text(json.dumps({"runs": runs}))
    cell = analyse(read_lm_eval_manifest(path)).matrices["transfer"].cell("math", "math")
    assert (cell.estimate, cell.n_items) == (pytest.approx(15 / 40), len(base))
    assert cell.p == pytest.approx(2 * 0.5**15)
    runs[1]["checkpoint"] = "m@30"
    path.write_text(json.dumps({"runs": runs}))
    with pytest.raises(AnalysisError, match='no checkpoint "m@30"'):
        read_lm_eval_manifest(path)


def test_what_holds_no_records_is_refused(tmp_path):
    with pytest.raises(AnalysisError, match="no item records"):
        read_own_records(tmp_path)
    (tmp_path / "text.parquet").write_text("not Parquet")
    with pytest.raises(StoreError, match="item records"):
        read_own_records(tmp_path / "text.parquet")


def test_effort_of_runs_from_elsewhere_is_not_known(manifest):
    assert analyse(read_lm_eval_manifest(manifest)).effort["math -> logic"].steps is None
