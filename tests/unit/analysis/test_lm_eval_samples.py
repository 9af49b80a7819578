"""Sample files of lm-evaluation-harness, as several of its versions write them."""

from __future__ import annotations

import hashlib
import json

import pytest

from xdomain.analysis.analyse import analyse
from xdomain.analysis.lm_eval import read_lm_eval_manifest
from xdomain.analysis.lm_eval_samples import ImportChoice, lm_eval_records, sample_choices
from xdomain.core.errors import AnalysisError


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sample(number, score, question=None, **changes):
    """A line as version 0.4.9 writes it; a change of None leaves the key out."""
    doc = {"q": question or f"Q{number}"}
    row = {
        "doc_id": number,
        "doc": doc,
        "target": "1",
        "arguments": {"gen_args_0": {"arg_0": f"Ask {doc['q']}", "arg_1": {"until": ["\n"]}}},
        "resps": [[f"it is {number}"]],
        "filtered_resps": [f"{number}"],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": sha(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": sha(f"Ask {doc['q']}"),
        "target_hash": sha("1"),
        "exact_match": score,
    } | changes
    return {key: value for key, value in row.items() if value is not None or key == "exact_match"}


@pytest.fixture
def records(tmp_path):
    def read(*files, **choice):
        paths = []
        for number, rows in enumerate(files):
            paths.append(tmp_path / f"samples_{number}.jsonl")
            paths[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
        return lm_eval_records(paths, "base", "math", ImportChoice(**choice))

    return read


def accuracy_of(tmp_path, rows, **manifest):
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"runs": [{"curriculum": "base", "samples": {"math": "rows.jsonl"}}], **manifest}))
    return analyse(read_lm_eval_manifest(path)).accuracy.cell("base", "math")


def test_every_row_is_an_item(tmp_path, records):
    rows = [sample(n, float(n < 10), "Q0" if n < 10 else None) for n in range(40)]
    cell = accuracy_of(tmp_path, rows)
    assert (cell.estimate, cell.n_items) == (0.25, 40)
    frame = records(rows)
    assert frame["item_id"].nunique() == 40
    assert frame["cluster_id"].nunique() == 31, "a document listed ten times is one cluster"
    shuffled = records(rows[::-1])
    assert set(zip(shuffled["item_id"], shuffled["score"], strict=True)) == set(
        zip(frame["item_id"], frame["score"], strict=True)
    )


OLDER = {"filter": None, "metrics": None}
OLDEST = {**OLDER, "doc_hash": None, "prompt_hash": None, "target_hash": None}


@pytest.mark.parametrize("version", [{}, OLDER, OLDEST, {**OLDEST, "arguments": [["Ask Q0", {"until": []}]]}])
@pytest.mark.parametrize("choice", [{}, {"metric": {"math": "exact_match"}}])
def test_older_versions_pair_with_newer_ones(records, version, choice):
    newer = records([sample(0, 1.0), sample(1, 0.0)])
    older = records([sample(0, 1.0, **version), sample(1, 0.0, **version)], **choice)
    assert list(older["item_id"]) == list(newer["item_id"])
    assert older["prompt_hash"][0] == newer["prompt_hash"][0]
    assert list(older["score"]) == [1.0, 0.0]


def test_sampled_shots_are_items_of_one_cluster(records):
    rows = [sample(0, float(n), prompt_hash=f"p{n}") for n in range(2)] + [sample(1, 1.0)]
    frame = records(rows)
    assert frame["item_id"].nunique() == 3
    assert frame["cluster_id"].nunique() == 2
    assert list(records(rows[::-1]).sort_values("item_id")["prompt_hash"]) == list(
        frame.sort_values("item_id")["prompt_hash"]
    )


def test_repeats_of_one_prompt_are_samples_of_one_item(records):
    frame = records([sample(0, n / 2, resps=[[f"r{n}"]]) for n in range(3)])
    assert frame["item_id"].nunique() == 1
    assert list(frame["sample"]) == [0, 1, 2]
    inside = records([sample(0, 1.0, resps=[["a", "b", "c"]])])
    assert len(inside) == 1, "repeats that the harness has put into one row are one row"


def test_a_group_of_tasks_is_one_domain(tmp_path, records):
    frame = records([sample(0, 1.0, "a"), sample(1, 0.0, "b")], [sample(0, 0.0, "c"), sample(1, 0.0, "a")])
    assert frame["item_id"].nunique() == 4
    assert frame["score"].mean() == 0.25
    assert frame["cluster_id"].nunique() == 3


def test_filters_and_metrics_are_chosen_by_name(records):
    rows = [
        sample(n, float(n == 0), filter=name, acc=1.0, metrics=["exact_match", "acc"])
        for name in ("strict-match", "flexible-extract")
        for n in range(4)
    ]
    with pytest.raises(AnalysisError, match=r'several of filter.*"filter": \{"math": "flexible-extract"\}'):
        records(rows)
    with pytest.raises(AnalysisError, match=r"several of metric.*acc, exact_match"):
        records(rows, answer_filter={"math": "strict-match"})
    both = records(rows, metric={"math": "exact_match,strict-match"})
    assert (len(both), both["score"].mean()) == (4, 0.25)
    with pytest.raises(AnalysisError, match='no filter "loose"'):
        records(rows, metric={"math": "acc,loose"})
    with pytest.raises(AnalysisError, match='no metric "f1"'):
        records(rows, metric={"math": "f1,strict-match"})


def test_several_filters_without_names_are_refused(records):
    rows = [sample(n, float(f), filtered_resps=[f"{f}"], **OLDER) for f in range(2) for n in range(3)]
    with pytest.raises(AnalysisError, match=r"line 4: repeats the document and the responses.*add \"filter\""):
        records(rows)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_score_is_missing(tmp_path, missing):
    cell = accuracy_of(tmp_path, [sample(0, 1.0), sample(1, missing), sample(2, 0.0)])
    assert (cell.estimate, cell.n_items) == (0.5, 2)


@pytest.mark.parametrize("value", [2.0, -0.5, float("inf"), "1.0", [1, 0], {"x": 1}, 10**400])
def test_a_metric_that_is_no_share_is_told(records, value):
    with pytest.raises(AnalysisError, match=r'line 2: the metric "exact_match" should be a number between 0 and 1'):
        records([sample(0, 1.0), sample(1, value)])
    with pytest.raises(AnalysisError, match="no metric between 0 and 1"):
        records([sample(0, value), sample(1, value)])


def test_true_and_false_are_scores(records):
    assert list(records([sample(0, True), sample(1, False)])["outcome"]) == ["right", "wrong"]


def test_nothing_missing_becomes_a_word(records):
    bare = sample(0, 1.0, target=None, filtered_resps=None, arguments=None, prompt_hash=None)
    (row,) = records([bare]).to_dict("records")
    assert (row["gold"], row["completion"], row["prompt_hash"]) == ("", "", "")


def test_columns_of_a_file_with_missing_scores(tmp_path):
    path = tmp_path / "samples_math.jsonl"
    both = ["exact_match", "acc"]
    rows = [sample(0, None, acc=1.0, metrics=both), sample(1, 0.0, acc=3, metrics=both)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert sample_choices(path) == [("none", "exact_match")]


RUN = {"curriculum": "base", "samples": {"math": "rows.jsonl"}}


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ([], "the document: should be a valid dictionary"),
        ({"runs": {}}, "runs: should be a valid list"),
        ({"runs": []}, "runs: List should have at least 1 item"),
        ({"runs": [5]}, r"runs\[0\]: should be a valid dictionary\. Found 5"),
        ({"runs": [{"samples": {}}]}, r"runs\[0\]\.curriculum: is missing"),
        ({"runs": [RUN | {"curriculum": 5}]}, r"runs\[0\]\.curriculum: should be a valid string\. Found 5"),
        ({"runs": [RUN | {"curriculum": "math ->"}]}, r"runs\[0\]\.curriculum: .*phase without a domain"),
        ({"runs": [RUN | {"seed": "one"}]}, r"runs\[0\]\.seed: should be a valid integer\. Found one"),
        ({"runs": [RUN | {"seed": 1.5}]}, r"runs\[0\]\.seed"),
        ({"runs": [RUN | {"seed": True}]}, r"runs\[0\]\.seed"),
        ({"runs": [RUN | {"seed": -1}]}, r"runs\[0\]\.seed"),
        ({"runs": [RUN | {"samples": []}]}, r"runs\[0\]\.samples"),
        ({"runs": [RUN | {"samples": {}}]}, r"runs\[0\]\.samples"),
        ({"runs": [RUN | {"samples": {"math": None}}]}, r"runs\[0\]\.samples\.math"),
        ({"runs": [RUN | {"samples": {"math": []}}]}, r"runs\[0\]\.samples\.math"),
        ({"runs": [RUN | {"samples": {"math": "."}}]}, "cannot be read"),
        ({"runs": [RUN | {"samples": {"math": "none.jsonl"}}]}, r"none\.jsonl"),
        ({"runs": [RUN, RUN]}, 'lists the run "base" 2 times'),
        ({"runs": [RUN], "metric": "exact_match"}, "metric: should be a valid dictionary"),
        ({"runs": [RUN], "metric": {"math": 1}}, r"metric\.math"),
        ({"runs": [RUN], "metric": {"maths": "exact_match"}}, 'metric: "maths" is not a domain.*Did you mean "math"'),
        ({"runs": [RUN], "filter": {"math": ["none"]}}, r"filter\.math"),
        ({"runs": [RUN], "name": 5}, "name: should be a valid string"),
    ],
)
def test_a_manifest_of_wrong_types_gets_a_paragraph(tmp_path, manifest, words):
    (tmp_path / "rows.jsonl").write_text(json.dumps(sample(0, 1.0)) + "\n")
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    with pytest.raises(AnalysisError, match=words) as caught:
        read_lm_eval_manifest(path)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no samples"),
        (b"\n\n", "holds no samples"),
        (bytes(range(256)), "cannot be read"),
        (b"5\n", "line 1: has neither doc_hash nor doc"),
        (b"[1]\n", "line 1: has neither doc_hash nor doc"),
        (b"<html>\n", "line 1: is not JSON"),
        (b'{"doc_id": ' + b"9" * 5000 + b"}\n", "line 1: is not JSON"),
        (b"[" * 100_000 + b"\n", "line 1: is not JSON: it is nested too deeply"),
    ],
)
def test_files_that_are_no_samples(tmp_path, content, words):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(AnalysisError, match=words) as caught:
        lm_eval_records([path], "base", "math", ImportChoice())
    assert str(path) in str(caught.value)


def test_halves_of_characters_survive_as_question_marks(records):
    assert records([sample(0, 1.0, filtered_resps=["\ud800x"])])["completion"][0] == "?x"


def test_a_line_that_lists_a_key_twice_is_refused(tmp_path):
    line = json.dumps(sample(0, 1.0))
    (tmp_path / "samples.jsonl").write_text(line[:-1] + ', "exact_match": 0.0}\n')
    with pytest.raises(AnalysisError, match='line 1: cannot be read: the key "exact_match" is listed twice'):
        lm_eval_records([tmp_path / "samples.jsonl"], "base", "math", ImportChoice())
