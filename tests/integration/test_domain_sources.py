"""Every kind of source read from real files, and every mistake told in one paragraph with its place."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import ConfigError, DataError
from xdomain.core.records import Outcome
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.overlap import find_overlaps, refuse_overlaps

ROWS = [{"q": f"What is {n} plus {n}?", "a": str(2 * n), "level": n % 5} for n in range(60)]


def domain(source: dict, **settings) -> DataDomain:
    described = {"fields": {"question": "q", "gold": "a"}, "verifier": "text", **settings}
    made = build_domain(DomainConfig.model_validate({"name": "sums", "source": source, **described}))
    assert isinstance(made, DataDomain)
    return made


def write_jsonl(path, rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def everything(made: DataDomain) -> set[tuple[str, str]]:
    return {(item.prompt, item.gold) for split in Split for item in made.items(split)}


EXPECTED = {(row["q"], row["a"]) for row in ROWS}


def test_every_file_format_gives_the_same_items(tmp_path):
    jsonl = write_jsonl(tmp_path / "rows.jsonl", ROWS)
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as handle:
        handle.write((tmp_path / "rows.jsonl").read_text())
    (tmp_path / "rows.json").write_text(json.dumps({"canary": "x", "data": {"examples": ROWS}}))
    (tmp_path / "rows.csv").write_text("q;a;level\n" + "".join(f"{r['q']};{r['a']};{r['level']}\n" for r in ROWS))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    sources = [
        {"kind": "jsonl", "path": jsonl},
        {"kind": "jsonl", "path": str(tmp_path / "rows.jsonl.gz")},
        {"kind": "json", "path": str(tmp_path / "rows.json"), "records": "data.examples"},
        {"kind": "csv", "path": str(tmp_path / "rows.csv"), "delimiter": ";"},
        {"kind": "parquet", "path": str(tmp_path / "rows.parquet")},
    ]
    made = [domain(source) for source in sources]
    assert all(everything(one) == EXPECTED for one in made)
    ids = [[item.id for item in one.items(Split.TEST)] for one in made]
    assert all(one == ids[0] for one in ids), "ids depend on the content alone"


def test_hugging_face_layout_is_read_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    folder = tmp_path / "set"
    folder.mkdir()
    write_jsonl(folder / "train.jsonl", ROWS[:40])
    write_jsonl(folder / "test.jsonl", ROWS[40:])
    made = domain({"kind": "hf", "id": str(folder), "train": "train", "test": "test"})
    assert len(made.items(Split.TEST)) == 20
    assert len(made.items(Split.TRAIN)) + len(made.items(Split.DEV)) == 40
    assert everything(made) == EXPECTED
    with pytest.raises(DataError, match="nosuch"):
        domain({"kind": "hf", "id": str(folder), "test": "nosuch"}).items(Split.TEST)
    with pytest.raises(ConfigError, match="pinned"):
        domain({"kind": "hf", "id": "openai/gsm8k", "test": "test"})


@pytest.mark.parametrize("revision", ["main", "v1.0", "ABC", "a" * 39])
def test_a_revision_that_moves_is_refused(revision):
    with pytest.raises(ValidationError, match="full commit hash"):
        domain({"kind": "hf", "id": "x/y", "test": "test", "revision": revision})


def verl_row(n: int, as_text: bool) -> dict:
    reward_model = {"style": "rule", "ground_truth": str(2 * n)}
    return {
        "data_source": "sums" if n % 2 else "other",
        "prompt": [{"role": "system", "content": "Be short."}, {"role": "user", "content": f"What is {n} plus {n}?"}],
        "ability": "math",
        "reward_model": json.dumps(reward_model) if as_text else reward_model,
        "extra_info": {"split": "train", "index": n},
    }


@pytest.mark.parametrize("as_text", [False, True])
def test_verl_and_guru_rows(tmp_path, as_text):
    rows = [verl_row(n, as_text) for n in range(40)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    source = {"kind": "verl", "path": str(tmp_path / "rows.parquet"), "data_sources": ["sums"]}
    made = domain(source, fields={"id": "extra_info.index"})
    items = [item for split in Split for item in made.items(split)]
    assert len(items) == 20
    assert {(item.prompt, item.gold, item.system) for item in items} == {
        (f"What is {n} plus {n}?", str(2 * n), "Be short.") for n in range(1, 40, 2)
    }
    assert {item.id for item in items} == {str(n) for n in range(1, 40, 2)}


def test_fields_template_filters_and_limit(tmp_path):
    rows = [{**row, "info": {"why": f"because #### {row['a']}"}} for row in ROWS]
    path = write_jsonl(tmp_path / "rows.jsonl", rows)
    made = domain(
        {"kind": "jsonl", "path": path},
        fields={"question": "q", "gold": {"column": "info.why", "pattern": "#### (.+)"}, "level": "level"},
        template="[{{ level }}] {{ question | upper }}",
        solution="so \\boxed{ {{ gold }} }",
        verifier={"kind": "text", "answer_in": "boxed"},
        filters=[{"field": "level", "minimum": 1, "maximum": 3}, {"field": "prompt", "max_length": 23}],
        limit={"train": 5},
    )
    items = [item for split in Split for item in made.items(split)]
    assert len(made.items(Split.TRAIN)) == 5
    assert all(item.prompt[:3] in ("[1]", "[2]", "[3]") and len(item.prompt) <= 23 for item in items)
    assert all(item.metadata["level"] in (1, 2, 3) for item in items)
    solutions = [made.render_solution(item) for item in items]
    assert {verdict.outcome for verdict in made.score(items, solutions)} == {Outcome.RIGHT}


@pytest.mark.parametrize(
    ("line", "settings", "message"),
    [
        ('{"q": "x"}', {}, r":7: `gold` is null.*has the columns q\."),
        ('{"q": "x"}', {"fields": {"gold": "b"}}, r':1: there is no column "b"'),
        ('{"q": "x", "a": true}', {}, r":7: `gold` should be text or a number. Found True"),
        ('{"q": "x", "a": [5]}', {}, r":7: `gold` should be text or a number. Found \[5\]"),
        ('{"q": "x", "a": null}', {}, r":7: `gold` is null"),
        ('{"q": "x", "a": NaN}', {}, r":7: `gold` is null"),
        ('{"q": "x", "a": Infinity}', {}, r":7: `gold` should be text or a number. Found inf"),
        ('{"q": null, "a": "1"}', {}, r":7: `question` is null"),
        ('{"q": "\\ud800", "a": "1"}', {}, r":7: `prompt` holds half a character"),
        ('{"q": "x", "a": "1", "q": "y"}', {}, r':7: the key "q" is listed twice'),
        ('{"q": "x", "a": ' + 5000 * "9" + "}", {}, r":7: is not JSON"),
        ('{"q": "x", "a": " "}', {}, r":7: `gold` is empty"),
        ('{"q": "x", ', {}, r":7: is not JSON"),
        ('["q"]', {}, r":7: a row should be a JSON object"),
        ('{"q": "x", "a": "1"}', {"template": "{{ nosuch }}"}, "'nosuch' is undefined"),
        ('{"q": "x", "a": "1"}', {"template": "{{ question }"}, "not valid Jinja2"),
        ('{"q": "x", "a": "1"}', {"template": "{{ question.__class__.__mro__ }}"}, "unsafe"),
        ('{"q": "x", "a": "1"}', {"template": "{{ 1 // 0 }}"}, "cannot be filled"),
        ('{"q": " ", "a": "1"}', {}, ":7: the prompt is empty"),
        ('{"q": "x", "a": "1"}', {"filters": [{"field": "nope", "max_length": 1}]}, 'field "nope"'),
        ('{"q": "x", "a": "1"}', {"filters": [{"field": "question", "minimum": 1}]}, "should be a number"),
        ('{"q": "x", "a": "1"}', {"fields": {"gold": {"column": "a", "pattern": "#(.)"}}}, "hold a match of"),
    ],
)
def test_bad_rows_are_named(tmp_path, line, settings, message):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, ROWS[:6])
    with path.open("a") as handle:
        handle.write(line + "\n")

    with pytest.raises((DataError, ConfigError), match=message) as caught:
        everything(domain({"kind": "jsonl", "path": str(path)}, **settings))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (None, "jsonl", "no such file"),
        (b"", "jsonl", "holds no rows"),
        (b"\xff\xfe", "jsonl", "cannot be read"),
        (b"not parquet", "parquet", "Parquet"),
        (b'{"examples": 3}', "json", 'no list at ""'),
        (b"q,a\n1\n", "csv", "different numbers of cells"),
        (b"q,a\n1,2,3\n", "csv", "different numbers of cells"),
        (b"q,a,q\n1,2,3\n", "csv", r':1: the file has the column "q" 2 times'),
        (b'[{"q": "x", "a": {"b": 1, "b": 2}}]', "json", 'the key "b" is listed twice'),
        (b'{"q": 1}\n{"q": 2}\n', "json", "kind: jsonl"),
        ("q,a\n1,2\n".encode("utf-16"), "csv", "UTF-8"),
    ],
)
def test_bad_files_are_named(tmp_path, content, kind, message):
    path = tmp_path / "rows"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        domain({"kind": kind, "path": str(path)}).items(Split.TEST)
    assert str(path) in str(caught.value)


def test_repeated_ids_and_repeated_rows(tmp_path):
    path = write_jsonl(tmp_path / "rows.jsonl", [{"q": "one", "a": "1", "n": 7}, {"q": "two", "a": "2", "n": 7}])
    source = {"kind": "jsonl", "test": path}
    with pytest.raises(DataError, match='id "7" is listed twice'):
        domain(source, fields={"question": "q", "gold": "a", "id": "n"}).items(Split.TEST)
    twice = write_jsonl(tmp_path / "twice.jsonl", ROWS[:3] + ROWS[:3])
    assert len(domain({"kind": "jsonl", "test": twice}).items(Split.TEST)) == 3


def test_overlap_of_train_and_test_is_refused_unless_allowed_by_name(tmp_path):
    train = write_jsonl(tmp_path / "train.jsonl", ROWS[:40])
    respelt = [{**row, "q": row["q"].upper() + "  "} for row in ROWS[39:]]
    test = write_jsonl(tmp_path / "test.jsonl", ROWS[38:39] + respelt)
    source = {"kind": "jsonl", "train": train, "test": test}
    made = domain(source, split={"dev": 0})
    overlap = find_overlaps([made])[0]
    assert (overlap.exact, overlap.normalised, overlap.test_items) == (1, 1, 22)
    with pytest.raises(DataError, match=r'2 of 22 test prompts of "sums".*allow_overlap: \[sums\]'):
        refuse_overlaps([made])
    allowed = domain(source, split={"dev": 0}, allow_overlap=["sums"])
    assert refuse_overlaps([allowed])[0].total == 2


def test_overlap_between_domains_is_found(tmp_path):
    one = domain({"kind": "jsonl", "train": write_jsonl(tmp_path / "a.jsonl", ROWS[:30])}, split={"dev": 0})
    other = domain({"kind": "jsonl", "test": write_jsonl(tmp_path / "b.jsonl", ROWS[29:])})
    other.name = "others"
    found = find_overlaps([one, other])
    assert [(entry.train_domain, entry.test_domain, entry.total) for entry in found] == [("sums", "others", 1)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": {"kind": "jsonl"}}, "should name files"),
        ({"source": {"kind": "jsonl", "path": "x", "test": "y"}}, "Found both"),
        ({"source": {"kind": "sql", "path": "x"}}, "sql"),
        ({"verifier": "magic"}, "magic"),
        ({"verifier": {"kind": "source"}}, "has no verifier"),
        ({"verifier": {"kind": "text", "form": "("}}, "regular expression"),
        ({"split": {"dev": 0.5, "test": 0.5}}, "below 1"),
        ({"name": "Sums!"}, "pattern"),
        ({"answer": "x"}, "Extra inputs"),
    ],
)
def test_descriptions_that_contradict_themselves(change, message):
    good = {"name": "sums", "source": {"kind": "jsonl", "path": "x"}, "fields": {"gold": "a"}, "verifier": "text"}
    with pytest.raises(ValidationError, match=message):
        DomainConfig.model_validate({**good, **change})


def identities(one):
    return one.item_identity(), one.verifier_identity(), one.reward_identity(), one.solution_identity()


def test_each_identity_changes_exactly_with_its_part(tmp_path):
    path = write_jsonl(tmp_path / "rows.jsonl", ROWS)
    source = {"kind": "jsonl", "path": path}
    base = domain(source)
    copied = write_jsonl(tmp_path / "elsewhere.jsonl", ROWS)
    assert identities(base) == identities(domain({"kind": "jsonl", "path": copied})), "a path identifies nothing"
    assert identities(base) == identities(domain(source, description="x", stop=["\n"], allow_overlap=["math"]))
    changed = write_jsonl(tmp_path / "changed.jsonl", [*ROWS[:-1], {**ROWS[-1], "a": "0"}])
    for other in (
        domain({"kind": "jsonl", "path": changed}),
        domain(source, template="Q: {{ question }}"),
        domain(source, limit=3),
        domain(source, split={"test": 0.3}),
        domain(source, system="Be short."),
    ):
        assert base.item_identity() != other.item_identity()
        assert identities(base)[1:] == identities(other)[1:]
    repaired = domain(source, verifier={"kind": "text", "normalise": True})
    repriced, reworded = domain(source, reward="format-only"), domain(source, solution="It is {{ gold }}.")
    for place, other in enumerate((repaired, repriced, reworded), start=1):
        differs = [one != another for one, another in zip(identities(base), identities(other), strict=True)]
        assert differs == [each == place for each in range(4)]


def test_a_verifiers_version_is_in_its_identity_alone(tmp_path, monkeypatch):
    one = domain({"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", ROWS)})
    before = identities(one)
    monkeypatch.setattr(one.verifier, "id", "text/99")
    after = identities(one)
    assert before[1] != after[1]
    assert (before[0], *before[2:]) == (after[0], *after[2:])


def procedural(**source):
    return build_domain(DomainConfig.model_validate({"name": "m", "source": {"kind": "procedural", **source}}))


def test_levels_and_names_that_do_not_exist(monkeypatch):
    with pytest.raises(ConfigError, match="no level 99"):
        procedural(generator="letters", level=99)
    with pytest.raises(ValidationError, match=r'unknown generator "leters"\. Did you mean "letters"'):
        procedural(generator="leters")
    monkeypatch.setattr("xdomain.domains.sources.procedural.MOST_ATTEMPTS", 1)
    with pytest.raises(DataError, match="distinct questions"):
        procedural(generator="truth").items(Split.TEST)
