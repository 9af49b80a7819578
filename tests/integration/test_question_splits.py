"""Splits follow what a row asks, ids its exact text."""

from __future__ import annotations

import pytest

from tests.support.domains_from_rows import domain, items, write_jsonl
from xdomain.config.domain import DomainConfig
from xdomain.core.errors import DataError
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.overlap import find_overlap, refuse_overlaps
from xdomain.domains.splits import prompt_key, question_key, split_key

ROWS = [{"q": f"What is {n} plus {n}?", "a": str(2 * n), "passage": f"Text {n // 2}.", "c": n // 3} for n in range(300)]
FIELDS = {"question": "q", "gold": "a", "passage": "passage", "cluster": "c"}


def placed(made) -> dict[str, Split]:
    """The split of each gold answer, which is distinct here."""
    return {item.gold: split for split in Split for item in made.items(split)}


@pytest.fixture
def pool(tmp_path) -> dict:
    return {"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", ROWS)}


@pytest.mark.parametrize(
    "change",
    [
        {"template": "Q: {{ question }}\nA:"},
        {"template": "{{ passage }}\n\n{{ question | upper }}"},
        {"system": "Be brief."},
        {"solution": "It is {{ gold }}."},
        {"verifier": "number"},
        {"filters": [{"field": "passage", "min_length": 1}]},
        {"fields": {key: FIELDS[key] for key in ("passage", "gold", "question")}},
        {"fields": {**FIELDS, "system": "passage"}},
        {"fields": {**FIELDS, "solution": "a", "id": "a"}},
    ],
)
def test_no_item_moves_when_something_else_than_the_question_changes(pool, change):
    before, after = domain(pool, fields=FIELDS), domain(pool, **{"fields": FIELDS, **change})
    assert placed(before) == placed(after)
    assert find_overlap(before, after).total == find_overlap(after, before).total == 0


def test_by_prompt_keeps_the_old_rule(pool):
    templates = ("{{ question }}", "Q: {{ question }}")
    by_prompt = [domain(pool, template=text, split={"by": "prompt"}) for text in templates]
    assert all(split_key(item) == prompt_key(item.prompt) for made in by_prompt for item in items(made))
    assert placed(by_prompt[0]) != placed(by_prompt[1])
    assert placed(by_prompt[0]) == placed(domain(pool)), "the two rules agree where the prompt is the question"


def test_overlap_is_found_across_templates(tmp_path):
    train = {"kind": "jsonl", "train": write_jsonl(tmp_path / "a.jsonl", ROWS[:20])}
    test = {"kind": "jsonl", "test": write_jsonl(tmp_path / "b.jsonl", ROWS[15:30])}
    trained = domain(train, template="Solve: {{ question }}", split={"dev": 0})
    overlap = find_overlap(trained, domain(test))
    assert (overlap.exact, overlap.normalised) == (0, 5)


def test_one_prompt_with_differing_further_fields_is_told(tmp_path):
    rows = [{"q": "Sort it.", "a": str(n), "tests": n} for n in range(40)]
    pool = {"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", rows)}
    fields = {"question": "q", "gold": "a", "tests": "tests"}
    with pytest.raises(DataError, match=r"split: \{by: prompt\}"):
        refuse_overlaps([domain(pool, fields=fields)])
    assert refuse_overlaps([domain(pool, fields=fields, split={"by": "prompt"})]) == []


PAIRS = [
    ("Reverse: Ab", "Reverse: aB"),
    ("if 0:\n  print(1)\nprint(2)", "if 0:\n  print(1)\n  print(2)"),
    ("Is 2² even?", "Is 22 even?"),
    ("Count the letters of ﬁn.", "Count the letters of fin."),
    ("a  b", "a b"),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_rows_that_differ_in_case_width_or_space_are_two_items_in_one_split(tmp_path, one, other):
    rows = [{"q": one, "a": "x"}, {"q": other, "a": "x"}]
    made = domain({"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", rows)})
    found = items(made)
    assert [item.prompt for item in found] == [one, other]
    assert found[0].id != found[1].id
    assert found[0].split_key == found[1].split_key
    assert sum(bool(made.items(split)) for split in Split) == 1


def test_exact_repeats_are_dropped_and_ids_survive_reordering(tmp_path):
    rows = [{"q": q, "a": "x"} for pair in PAIRS for q in pair]
    ids = []
    for name, order in (("a", rows + rows[:3]), ("b", rows[::-1])):
        made = domain({"kind": "jsonl", "test": write_jsonl(tmp_path / f"{name}.jsonl", order)})
        ids.append({item.id for item in items(made)})
        assert len(items(made)) == len(rows)
    assert ids[0] == ids[1]


def test_options_belong_to_the_question_but_not_their_order():
    one = {"question": "Pick", "options": ["red", "blue"]}
    assert question_key(one, one) == question_key({**one, "options": ["Blue ", "red"]}, one)
    assert question_key(one, one) != question_key({**one, "options": ["green", "red"]}, one)


def test_options_in_columns_are_part_of_the_question(tmp_path):
    rows = [{"q": "Which?", "r": f"r{n}", "w": f"w{n}"} for n in range(60)]
    settings = {
        "fields": {"question": "q"},
        "options": {"right": "r", "wrong": ["w"]},
        "verifier": {"kind": "choice", "choices": "AB"},
    }
    pool = {"kind": "jsonl", "path": write_jsonl(tmp_path / "rows.jsonl", rows)}
    made = domain(pool, template="{{ question }} {{ options | join(' ') }}", **settings)
    assert len({item.split_key for item in items(made)}) == 60
    assert all(made.items(split) for split in Split)


def test_verl_rows_are_split_by_their_question(tmp_path):
    def row(n: int, system: str) -> dict:
        prompt = [{"role": "system", "content": system}, {"role": "user", "content": f"What is {n}+{n}?"}]
        return {"prompt": prompt, "reward_model": {"ground_truth": str(2 * n)}}

    made = []
    for system in ("Be brief.", "Think."):
        path = write_jsonl(tmp_path / f"{system[:2]}.jsonl", [row(n, system) for n in range(100)])
        made.append(domain({"kind": "verl", "path": path}, fields={}))
    assert placed(made[0]) == placed(made[1])
    assert {item.id for item in items(made[0])}.isdisjoint(item.id for item in items(made[1])), "another text"


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "procedural", "generator": "arithmetic", "sizes": [60, 10, 20]},
        {"kind": "reasoning_gym", "tasks": ["gcd", "spell_backward"], "size": 60},
    ],
)
def test_generated_questions_stay_in_their_split_under_another_template(source):
    if source["kind"] == "reasoning_gym":
        pytest.importorskip("reasoning_gym")
    made = [
        build_domain(DomainConfig.model_validate({"name": "m", "source": source, "template": text}))
        for text in ("{{ question }}", "Please: {{ question }}")
    ]
    keys = [[[item.split_key for item in one.items(split)] for split in Split] for one in made]
    assert keys[0] == keys[1]
    assert all(keys[0])


def test_a_domain_without_keys_is_split_by_its_prompt():
    assert split_key(Item(id="1", prompt="What IS it?", gold="x")) == prompt_key("what is it?")
