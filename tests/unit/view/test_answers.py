"""The table behind `xdomain view`: filters, items gained and lost, and prompts that are proven by their digest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.grids import make_grid
from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item
from xdomain.view.answers import Answers, Filter, evaluation_labels, label_of, read_rollouts
from xdomain.view.prompts import PromptTexts

END = "math, seed 0, step 40"


def table_of(grid, items, rollouts=None):
    labels = {place.checkpoint: label_of(place) for place in grid.checkpoints}
    return Answers(grid.experiment, grid.records, labels, items, PromptTexts({}), rollouts)


@pytest.fixture(scope="module")
def grid():
    return make_grid(("math", "science"), n_items=30, samples=2, seeds=(0,))


@pytest.fixture(scope="module")
def answers(grid):
    items = {"math": {"math-00003": Item(id="math-00003", prompt="Was ist Straße 3?", gold="3")}}
    return table_of(grid, items)


def rows(answers, **filters):
    return [answers.row(position) for position in answers.find(Filter(**filters))]


def test_without_a_filter_every_record_is_there_once(answers, grid):
    found = rows(answers)
    assert len(found) == len(grid.records)
    assert len({(row["domain"], row["item"], row["checkpoint"], row["sample"]) for row in found}) == len(found)


def test_filters_combine(answers, grid):
    found = rows(answers, domain="math", checkpoint=END, outcome="wrong")
    records = grid.records
    name = next(place.checkpoint for place in grid.checkpoints if str(place.run) == "math" and place.is_end)
    expected = records[(records.domain == "math") & (records.checkpoint == name) & (records.outcome == "wrong")]
    assert len(found) == len(expected) > 0
    assert {(row["domain"], row["checkpoint"], row["outcome"]) for row in found} == {("math", END, "wrong")}


@pytest.mark.parametrize("change", ["gained", "lost"])
def test_gained_and_lost_are_items_whose_mean_score_moved(answers, grid, change):
    found = rows(answers, domain="math", checkpoint=END, against="base", change=change)
    name = next(place.checkpoint for place in grid.checkpoints if str(place.run) == "math" and place.is_end)
    scores = grid.records[grid.records.domain == "math"].groupby(["checkpoint", "item_id"])["score"].mean()
    moved = scores[name] - scores["base@0"]
    expected = set(moved[moved > 0].index if change == "gained" else moved[moved < 0].index)
    assert {row["item"] for row in found} == expected != set()
    assert {row["checkpoint"] for row in found} == {END, "base"}, "both sides are shown"


def test_an_item_without_a_verdict_on_one_side_did_not_change(grid):
    records = grid.records.copy()
    unscored = (records.checkpoint == "base@0") & (records.item_id == "math-00001")
    records.loc[unscored, ["score", "outcome"]] = [float("nan"), "unscored"]
    table = table_of(replace(grid, records=records), {})
    for change in ("gained", "lost"):
        found = rows(table, domain="math", checkpoint=END, against="base", change=change)
        assert "math-00001" not in {row["item"] for row in found}
    (row, *_) = [row for row in rows(table, domain="math", checkpoint="base") if row["item"] == "math-00001"]
    assert row["score"] is None


def test_search_looks_at_question_and_completion_without_case(answers):
    assert {row["item"] for row in rows(answers, text="STRASSE")} == {"math-00003"}
    found = rows(answers, text="THE ANSWER IS 7")
    assert found
    assert all("the answer is 7" in row["completion"] for row in found)
    assert rows(answers, text="nowhere to be found") == []


def test_kept_rollouts_are_shown_by_step(grid, tmp_path):
    sample = {
        "domain": "math", "item_id": "train-1", "sample": 0, "completion": "half", "answer": None, "gold": "1/2",
        "outcome": "malformed", "reason": "no answer", "score": 0.0,
    }  # fmt: skip
    lines = [
        sample | {"step": 1, "reward": -1.0, "truncated": True},
        sample | {"step": 3, "reward": None, "truncated": False, "outcome": "unscored", "score": None},
    ]
    path = tmp_path / "rollouts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    items = {"math": {"train-1": Item(id="train-1", prompt="What is a half?", gold="1/2")}}
    table = table_of(grid, items, read_rollouts({"math, seed 0": path}))
    label = "rollouts of math, seed 0"
    assert table.choices["checkpoint"][-1] == label
    found = rows(table, checkpoint=label)
    assert [(row["step"], row["reward"], row["score"]) for row in found] == [(1, -1.0, 0.0), (3, None, None)]
    assert [row["finish_reason"] for row in found] == ["length", "stop"]
    assert found[0]["question"] == "What is a half?"
    assert len(rows(table)) == len(grid.records) + 2
    assert {row["reward"] for row in rows(table, checkpoint="base")} == {None}
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("field", ["domain", "checkpoint", "outcome"])
def test_an_unknown_choice_is_named(answers, field):
    with pytest.raises(KeyError, match="nonsense"):
        answers.find(Filter(**{field: "nonsense"}))


def test_evaluations_of_a_store_are_told_apart():
    one, base = ("math, seed 0", "logic"), ("base", "logic")
    evaluated = {"a" * 64: one, "b" * 64: one, "c" * 64: base}
    assert list(evaluation_labels(evaluated).values()) == ["math, seed 0 (aaaaaaaa)", "math, seed 0 (bbbbbbbb)", "base"]


class TestPrompts:
    item = Item(id="a", prompt="1+1?", gold="2", system="Be brief.")

    def test_plain_text(self):
        text = "Be brief.\n\n1+1?"
        assert PromptTexts({}).find(self.item, "m", text_digest(text)) == text

    def test_a_digest_that_does_not_agree_shows_nothing(self):
        assert PromptTexts({}).find(self.item, "m", text_digest("other")) is None

    def test_a_chat_template_is_rendered_as_transformers_does(self, tmp_path: Path):
        tokenizers, transformers = pytest.importorskip("tokenizers"), pytest.importorskip("transformers")
        model = tokenizers.models.WordLevel({"<unk>": 0, "<s>": 1}, unk_token="<unk>")
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizers.Tokenizer(model), unk_token="<unk>", bos_token="<s>"
        )
        tokenizer.chat_template = (
            "{{ bos_token }}{% for message in messages %}\n  {% if loop.first %}first {% endif %}"
            "[{{ message.role }}] {{ message.content | tojson }}\n{% endfor %}\n"
            "{% if add_generation_prompt %}[assistant]{% endif %}"
        )
        tokenizer.save_pretrained(tmp_path)
        chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}]
        expected = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        assert PromptTexts({"m": tmp_path}).find(self.item, "m", text_digest(expected)) == expected

    @pytest.mark.parametrize("template", ["{{ raise_exception('no') }}", "{% for", "{{ missing.field.more }}"])
    def test_a_template_that_fails_shows_nothing(self, tmp_path: Path, template: str):
        (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<s>"}')
        (tmp_path / "chat_template.jinja").write_text(template)
        assert PromptTexts({"m": tmp_path}).find(self.item, "m", text_digest("x")) is None
