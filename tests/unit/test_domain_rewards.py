"""The published reward tables, value by value."""

from __future__ import annotations

import pytest

from xdomain.config.domain_reward import RewardShape
from xdomain.core.errors import ConfigError
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.rewards import load_preset, preset_names, resolve_reward, shaped_reward

GOOD = "<think>because</think>\n<answer>42</answer>"
RIGHT, WRONG, MALFORMED = Verdict.right(answer="42"), Verdict.wrong(answer="41"), Verdict.malformed("no answer")
TIE = Verdict(Outcome.WRONG, 0.5, "tie")


def paid(name: str, verdict: Verdict, completion: str = GOOD, gold: str = "42", kind: str = "text") -> float | None:
    return shaped_reward(resolve_reward(name, kind), completion, verdict, gold)


@pytest.mark.parametrize(
    ("table", "right", "wrong", "malformed"),
    [("math", 1, -1, -1), ("science", 1, -1, -1), ("logic", 1, 0, -1), ("puzzle", 1, -1, -1)],
)
def test_when_domains_interact_pays_as_the_authors_scripts(table, right, wrong, malformed):
    name = f"when-domains-interact/{table}"
    assert [paid(name, verdict, "no tags") for verdict in (RIGHT, WRONG, MALFORMED)] == [right, wrong, malformed]


@pytest.mark.parametrize(
    ("table", "right", "wrong", "malformed"),
    [("math", 1, -0.5, -1), ("code", 1, -0.5, -1), ("science", 1, 0, -1), ("writing", 1, -0.5, -1)],
)
def test_cgpo_pays_as_its_appendix(table, right, wrong, malformed):
    assert [paid(f"cgpo/{table}", verdict) for verdict in (RIGHT, WRONG, MALFORMED)] == [right, wrong, malformed]


def test_cgpo_writing_pays_a_quarter_for_a_tie():
    assert paid("cgpo/writing", TIE) == 0.25
    assert paid("plain", TIE) == 0.0


@pytest.mark.parametrize(
    "completion",
    [
        "42",
        "<answer>42</answer>",
        "<think>a</think>42",
        "<think>a</think><answer>42</answer> and more",
        "before <think>a</think><answer>42</answer>",
        "<think>a</think><think>b</think><answer>42</answer>",
        "<think>a<answer>42</answer></think>",
        "<answer>42</answer><think>a</think>",
        "<think>a</think><answer>42",
    ],
)
def test_a_broken_format_gets_the_gate_even_if_right(completion):
    assert paid("cgpo/math", RIGHT, completion) == -1.0


@pytest.mark.parametrize(("length", "expected"), [(2, 1.0), (3, 0.95), (7, 0.75), (12, 0.5), (500, 0.5), (0, 0.9)])
def test_cgpo_science_takes_five_hundredths_a_character_up_to_ten(length, expected):
    assert paid("cgpo/science", Verdict.right(answer="x" * length)) == pytest.approx(expected)


def test_length_term_never_touches_a_wrong_answer():
    assert paid("cgpo/science", Verdict.wrong(answer="x" * 50)) == 0.0


def test_format_only_ignores_the_content():
    assert [paid("format-only", verdict) for verdict in (RIGHT, WRONG, MALFORMED)] == [1, 1, 0]


@pytest.mark.parametrize("name", ["plain", "cgpo/math", "when-domains-interact/logic", "format-only"])
def test_unscored_has_no_reward(name):
    assert paid(name, Verdict.unscored("judge down")) is None


def test_a_bare_preset_picks_its_table_by_verifier():
    assert resolve_reward("cgpo", "unit_tests") == load_preset("cgpo").tables["code"]
    assert resolve_reward("cgpo", "choice") == load_preset("cgpo").tables["science"]
    assert resolve_reward("when-domains-interact", "assignment") == load_preset("when-domains-interact").tables["logic"]
    shape = RewardShape(right=3)
    assert resolve_reward(shape, "text") is shape


def test_every_preset_names_its_source_and_serves_every_verifier():
    for name in preset_names():
        preset = load_preset(name)
        assert preset.source
        assert set(preset.by_verifier.values()) <= set(preset.tables)


@pytest.mark.parametrize(
    ("name", "hint"), [("cgop", 'Did you mean "cgpo"?'), ("cgpo/maths", 'Did you mean "math"?'), ("../x", "unknown")]
)
def test_unknown_names_are_one_paragraph(name, hint):
    with pytest.raises(ConfigError, match=r"domains\.reward") as caught:
        resolve_reward(name, "text")
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)
