"""Assignment of questions to splits."""

from __future__ import annotations

from collections import Counter

import pytest

from xdomain.domains.base import Item, Split
from xdomain.domains.splits import normalise_prompt, prompt_key, question_key, split_key, split_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What  IS\n1+2?", "what is 1+2?", True),
        ("ｆｕｌｌ", "full", True),
        ("1+2", "1-2", False),
        ("STRASSE", "straße", True),
    ],
)
def test_what_makes_no_difference_between_prompts(one: str, other: str, same: bool) -> None:
    assert (prompt_key(one) == prompt_key(other)) is same
    assert normalise_prompt(normalise_prompt(one)) == normalise_prompt(one)


def test_options_have_no_order_and_fields_have_names() -> None:
    one = question_key({"q": "x", "options": ["a", "b"]}, ["q", "options"])
    assert one == question_key({"options": ["b", "a"], "q": "X"}, ["options", "q"])
    assert one != question_key({"q": "x", "options": ["a", "c"]}, ["q", "options"])
    assert question_key({"q": "x"}, ["q"]) == prompt_key("x")


def test_an_item_without_a_key_has_that_of_its_prompt() -> None:
    assert split_key(Item("i", "p", "g")) == prompt_key("p")
    assert split_key(Item("i", "p", "g", split_key="k")) == "k"


def test_shares_hold_and_dev_never_touches_test() -> None:
    keys = [prompt_key(str(n)) for n in range(5000)]
    counts = Counter(split_of(key, dev=0.1, test=0.2) for key in keys)
    assert counts[Split.TEST] == pytest.approx(1000, abs=120)
    assert counts[Split.DEV] == pytest.approx(500, abs=100)
    for key in keys:
        assert (split_of(key, dev=0.1, test=0.2) is Split.TEST) == (split_of(key, dev=0.3, test=0.2) is Split.TEST)
