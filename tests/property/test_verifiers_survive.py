"""No completion whatever makes a verifier raise, hang, or pay without an answer."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from xdomain.config.domain_verifier import VerifierConfig
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.extraction import FINDERS, balanced
from xdomain.domains.splits import normalise_prompt, prompt_key, split_of
from xdomain.domains.verifiers.build import build_verifier

PLACES = list(FINDERS)
CONFIGS = {
    "text": ({"kind": "text", "answer_in": PLACES, "normalise": True, "form": r"\d+"}, "42"),
    "choice": ({"kind": "choice", "answer_in": PLACES}, "B"),
    "number": ({"kind": "number", "answer_in": PLACES, "unit": "required"}, "42 m"),
    "assignment": ({"kind": "assignment"}, "Zoey is a knight, and Riley is a knave."),
}
VERIFIERS = {
    name: (build_verifier(TypeAdapter(VerifierConfig).validate_python(settings_)), Item("i", "p", gold))
    for name, (settings_, gold) in CONFIGS.items()
}

FRAGMENTS = (
    *("\\boxed{", "\\fbox{", "}", "{", "<answer>", "</answer>", "```", "\n", "\\", "(", ")", "\x00", "\ud800", " "),
    *("4", "2", ",", ".", "e", "-", "−", "\\times 10^{", "999", "٣", "²", "１", "B", "knight", "Zoey", "is a "),
)
pieces = st.sampled_from(FRAGMENTS)
hostile = st.one_of(st.text(), st.lists(pieces, max_size=60).map("".join))


@pytest.mark.parametrize("name", VERIFIERS)
@settings(max_examples=300, deadline=None)
@given(completion=hostile)
def test_any_text_gets_a_verdict(name, completion):
    verifier, item = VERIFIERS[name]
    verdict = verifier.judge([item], [completion])[0]
    assert verdict.outcome is not Outcome.UNSCORED
    if verdict.outcome is Outcome.RIGHT:
        assert any(character in completion for character in "4Bb４knight")


LONG = 199_000
MONSTERS = {
    "brackets": "([{" * (LONG // 3),
    "boxes": "\\boxed{" * (LONG // 7),
    "closed boxes": "\\boxed{x}" * (LONG // 9),
    "tags": "<answer>" * (LONG // 8),
    "digits": "1" * LONG,
    "groups": "1" + ",111" * (LONG // 4) + "1",
    "letters": "A " * (LONG // 2),
    "words": "Zoey " * (LONG // 5),
    "names": "is a knight " * (LONG // 12),
    "backslashes": "\\" * LONG,
    "fences": "```" * (LONG // 3),
    "lines": "\n" * LONG,
    "spaces": " " * (LONG - 1) + "x",
    "open thoughts": "<think>" * (LONG // 7),
    "closed thoughts": "</think>x" * (LONG // 9),
    "answers": "answer " * (LONG // 7),
    "statements": "the answer is 5 or " * (LONG // 19),
    "options": "option A is " * (LONG // 12),
    "dollars": "$1 " * (LONG // 3),
    "stars": "*" * LONG,
    "quotes": "'" * LONG,
    "joined numbers": "1 or " * (LONG // 5),
    "joined boxes": "\\boxed{1} or " * (LONG // 13),
    "joined names": "Zoey, Riley " * (LONG // 12),
    "roles": "knight: Zoey, " * (LONG // 14),
    "minuses": "- " * (LONG // 2) + "1",
    "equations": "1=" * (LONG // 2),
    "paragraphs": "Zoey is a knight\n\n" * (LONG // 18),
    "text commands": "\\text{" * (LONG // 6),
    "wide digits": "−１" * (LONG // 2),
    "a box of numbers": "\\boxed{" + "1 " * 90_000 + "}",
    "a box of words": "\\boxed{" + "the " * 49_000 + "}",
    "a box of brackets": "\\boxed{" + "(" * 190_000 + "}",
    "open fences": "~~~\n" * (LONG // 4),
    "names with digits": "x1 " * (LONG // 3),
    "a megabyte": "x" * 1_000_000,
}


@pytest.mark.parametrize("text", MONSTERS.values(), ids=MONSTERS.keys())
@pytest.mark.parametrize("name", VERIFIERS)
def test_long_hostile_text_is_judged_in_linear_time(name, text):
    verifier, item = VERIFIERS[name]
    started = time.process_time()
    verdict = verifier.judge([item], [text])[0]
    assert time.process_time() - started < 2.0
    assert verdict.outcome in (Outcome.MALFORMED, Outcome.WRONG)


@given(inside=st.text(alphabet="ab{}\\ ", max_size=30))
def test_balanced_returns_what_stands_between_partners(inside):
    found = balanced("{" + inside + "}", 0)
    if "{" not in inside and "}" not in inside and not inside.endswith("\\"):
        assert found == inside
    if found is not None:
        plain = found.replace("\\\\", "").replace("\\{", "").replace("\\}", "")
        assert plain.count("{") == plain.count("}")


@given(prompt=st.text(max_size=50), pad=st.sampled_from(["", " ", "\n\t"]))
def test_split_ignores_case_width_and_space(prompt, pad):
    assert prompt_key(pad + prompt + pad) == prompt_key(prompt)
    assert normalise_prompt(normalise_prompt(prompt)) == normalise_prompt(prompt)


@given(prompt=st.text(max_size=50))
def test_changing_the_dev_share_never_moves_a_test_prompt(prompt):
    key = prompt_key(prompt)
    without, with_dev = split_of(key, dev=0.0, test=0.2), split_of(key, dev=0.5, test=0.2)
    assert (without == "test") == (with_dev == "test")
