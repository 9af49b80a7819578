"""No completion whatever makes a verifier raise, hang, or pay without an answer."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

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
MONSTERS: dict[str, Callable[[int], str]] = {
    "brackets": lambda size: "([{" * (size // 3),
    "boxes": lambda size: "\\boxed{" * (size // 7),
    "closed boxes": lambda size: "\\boxed{x}" * (size // 9),
    "tags": lambda size: "<answer>" * (size // 8),
    "digits": lambda size: "1" * size,
    "groups": lambda size: "1" + ",111" * (size // 4) + "1",
    "letters": lambda size: "A " * (size // 2),
    "words": lambda size: "Zoey " * (size // 5),
    "names": lambda size: "is a knight " * (size // 12),
    "backslashes": lambda size: "\\" * size,
    "fences": lambda size: "```" * (size // 3),
    "lines": lambda size: "\n" * size,
    "spaces": lambda size: " " * (size - 1) + "x",
    "open thoughts": lambda size: "<think>" * (size // 7),
    "closed thoughts": lambda size: "</think>x" * (size // 9),
    "answers": lambda size: "answer " * (size // 7),
    "statements": lambda size: "the answer is 5 or " * (size // 19),
    "options": lambda size: "option A is " * (size // 12),
    "dollars": lambda size: "$1 " * (size // 3),
    "stars": lambda size: "*" * size,
    "quotes": lambda size: "'" * size,
    "joined numbers": lambda size: "1 or " * (size // 5),
    "joined boxes": lambda size: "\\boxed{1} or " * (size // 13),
    "joined names": lambda size: "Zoey, Riley " * (size // 12),
    "roles": lambda size: "knight: Zoey, " * (size // 14),
    "minuses": lambda size: "- " * (size // 2) + "1",
    "equations": lambda size: "1=" * (size // 2),
    "paragraphs": lambda size: "Zoey is a knight\n\n" * (size // 18),
    "text commands": lambda size: "\\text{" * (size // 6),
    "wide digits": lambda size: "−１" * (size // 2),
    "a box of numbers": lambda size: "\\boxed{" + "1 " * (size // 2 - 9_500) + "}",
    "a box of words": lambda size: "\\boxed{" + "the " * (size // 4 - 750) + "}",
    "a box of brackets": lambda size: "\\boxed{" + "(" * (size - 9_000) + "}",
    "open fences": lambda size: "~~~\n" * (size // 4),
    "names with digits": lambda size: "x1 " * (size // 3),
    "a megabyte": lambda size: "x" * (5 * size),
}
"""Long texts of about a given number of characters."""


@pytest.fixture
def no_collection():
    """No garbage collection: in a process that ran many tests, one takes longer than what is timed."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("text", MONSTERS.values(), ids=MONSTERS.keys())
@pytest.mark.parametrize("name", VERIFIERS)
def test_long_hostile_text_is_judged_in_linear_time(name, text):
    verifier, item = VERIFIERS[name]
    seconds = []
    for size in (LONG // 4, LONG):
        started = time.process_time()
        verdict = verifier.judge([item], [text(size)])[0]
        seconds.append(time.process_time() - started)
        assert verdict.outcome in (Outcome.MALFORMED, Outcome.WRONG)
    quarter, whole = seconds
    assert whole < 10 * quarter + 0.5, "four times the text takes four times as long, 16 times if it is quadratic"


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
