"""Rows of verl; tests/integration/test_data_layouts.py has whole files."""

from __future__ import annotations

from typing import Any

import pytest

from xdomain.core.errors import DataError
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.sources.verl import flattened, parsed_gold

GOLD = {"reward_model": {"ground_truth": "4"}}
USER = {"role": "user", "content": "2+2?"}


@pytest.mark.parametrize(
    ("prompt", "question", "system"),
    [
        ([USER], "2+2?", None),
        ([{"role": "system", "content": "Be brief."}, USER], "2+2?", "Be brief."),
        ('[{"role": "user", "content": "2+2?"}]', "2+2?", None),
        ("2+2?", "2+2?", None),
        ([{"role": "user", "content": [{"type": "text", "text": "2+"}, {"type": "text", "text": "2?"}]}], "2+2?", None),
    ],
)
def test_prompts(prompt: Any, question: str, system: str | None) -> None:
    row = flattened({"prompt": prompt, **GOLD}, "f:1")
    assert (row["question"], row["system"], row["gold"]) == (question, system, "4")


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        ({"question": "x"}, DataError, "should have `prompt` and `reward_model.ground_truth`"),
        ({"prompt": [USER, USER], **GOLD}, BadRow, "Found user, user"),
        ({"prompt": [{"role": "assistant", "content": "x"}], **GOLD}, BadRow, "Found assistant"),
        ({"prompt": [USER], "images": ["a.png"], **GOLD}, BadRow, "the row has `images`"),
        ({"prompt": [{"role": "user", "content": [{"type": "image"}]}], **GOLD}, BadRow, "a list of text parts"),
    ],
)
def test_what_is_no_single_question(row: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        flattened(row, "f:1")


def test_a_list_of_one_is_its_entry() -> None:
    assert [parsed_gold(gold) for gold in (["4"], ["4", "5"], "4", None)] == ["4", ["4", "5"], "4", None]
