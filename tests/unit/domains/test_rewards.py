"""The published reward tables, value by value."""

from __future__ import annotations

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_reward import FormatGate, LengthTerm, RewardShape, load_preset, preset_names
from xdomain.core.errors import ConfigError
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.rewards import (
    length_of,
    passes_gate,
    resolve_reward,
    shaped_reward,
    with_reward_prompt,
)

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
        "</think><answer>42</answer>",
        "a</think></think><answer>42</answer>",
        "a<think>b</think><answer>42</answer>",
        "<think><think>a</think></think><answer>42</answer>",
        "<think><answer>41</answer></think><answer>42</answer>",
        "<think>a</think><answer><answer>42</answer></answer>",
        "<think>a</think><answer>41</answer><answer>42</answer>",
        "<think>a</think>so<answer>42</answer>",
        "<think>a</think><answer>42</answer></think>",
        "<think>a</think><answer>4<think>2</answer>",
        "<THINK>a</THINK><ANSWER>42</ANSWER>",
        "",
    ],
)
def test_a_broken_format_gets_the_gate_even_if_right(completion):
    assert paid("cgpo/math", RIGHT, completion) == -1.0


@pytest.mark.parametrize(
    "completion",
    [
        GOOD,
        "  <think>a</think>\n\n<answer>42</answer>\n",
        "<think>\na\n</think><answer>\n42\n</answer>",
        "1+1 is 2\n</think>\n<answer>2</answer>",  # the chat template opened the reasoning
        "<think></think><answer>42</answer>",
        "<think>x < 3 and <b>bold</b></think><answer>42</answer>",
    ],
)
def test_the_demanded_form_passes_the_gate(completion):
    assert paid("cgpo/math", RIGHT, completion) == 1.0


@pytest.mark.parametrize(
    ("gate", "completion", "passes"),
    [
        (FormatGate(answer_tag=None), "<think>a</think> It is 42.", True),
        (FormatGate(answer_tag=None), "a</think>42", True),
        (FormatGate(answer_tag=None), "It is 42.", False),
        (FormatGate(think_tag=None), " <answer>42</answer> ", True),
        (FormatGate(think_tag=None), "so <answer>42</answer>", False),
        (FormatGate(think_tag="reason", answer_tag="final"), "<reason>a</reason><final>42</final>", True),
        (FormatGate(think_tag=None, answer_tag=None), "42", True),
    ],
)
def test_a_gate_may_demand_one_tag_or_tags_of_other_names(gate, completion, passes):
    assert passes_gate(gate, completion) is passes


LENGTHS = [(2, 1.0), (3, 0.95), (7, 0.75), (12, 0.5), (500, 0.5), (0, 0.9)]


@pytest.mark.parametrize(("length", "expected"), LENGTHS)
def test_cgpo_science_takes_five_hundredths_a_token_up_to_ten(length, expected):
    assert paid("cgpo/science", Verdict.right(answer="word " * length), gold="two words") == pytest.approx(expected)


@pytest.mark.parametrize(("length", "expected"), LENGTHS)
def test_a_length_term_counts_characters_by_default(length, expected):
    shape = RewardShape(length=LengthTerm())
    assert shaped_reward(shape, GOOD, Verdict.right(answer="x" * length), "42") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("42", 2), ("3.5 m/s", 6), ("the mitochondrion", 2), ("\\frac{1}{2}", 8), ("naïve 水", 2), ("a_b", 3)],
)
def test_a_token_is_a_word_a_digit_or_a_sign(text, tokens):
    assert length_of(text, LengthTerm(unit="tokens")) == tokens


def test_the_length_term_keeps_its_earlier_key():
    assert LengthTerm.model_validate({"per_character": 0.1}) == LengthTerm(per_unit=0.1)


def test_length_term_never_touches_a_wrong_answer():
    assert paid("cgpo/science", Verdict.wrong(answer="x" * 50)) == 0.0


@pytest.mark.parametrize(("credit", "expected"), [(0.0, -1.0), (0.25, -0.5), (0.5, 0.0), (1.0, 1.0)])
def test_a_graded_reward_pays_the_credit(credit, expected):
    shape = RewardShape(right=1, wrong=-1, malformed=-2, graded=True)
    for outcome in (Outcome.RIGHT, Outcome.WRONG):
        assert shaped_reward(shape, "text", Verdict(outcome, credit, "points"), "") == expected
    assert shaped_reward(shape, "text", MALFORMED, "") == -2


def test_half_of_a_rubrics_points_is_no_tie():
    assert paid("cgpo/writing", Verdict(Outcome.WRONG, 0.5, "5 of 10 points")) == -0.5


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


def described(**settings) -> DomainConfig:
    source = {"kind": "jsonl", "path": "rows.jsonl"}
    return DomainConfig.model_validate({"name": "d", "source": source, "verifier": "text", "reward": "cgpo"} | settings)


def test_a_preset_with_a_gate_brings_its_prompt_and_the_place_of_the_answer():
    config = with_reward_prompt(described())
    assert "<think>" in config.system
    assert "<answer>" in config.system
    assert passes_gate(FormatGate(), config.solution.replace("{{", "").replace("}}", ""))
    assert config.verifier.answer_in == ("tag", "whole")
    code = with_reward_prompt(described(verifier={"kind": "unit_tests", "style": "stdin"}))
    assert code.verifier.answer_in == ("code_block", "tag", "whole")
    assert with_reward_prompt(config) == config
    written_out = DomainConfig.model_validate_json(described().model_dump_json())  # as a worker gets it
    assert with_reward_prompt(written_out) == config


def test_a_domain_says_its_own_prompt_instead():
    own = {"system": "Use <answer>.", "solution": "<answer>{{ gold }}</answer>"}
    config = with_reward_prompt(described(verifier={"kind": "text", "answer_in": "last_line"}, **own))
    assert (config.system, config.solution) == (own["system"], own["solution"])
    assert config.verifier.answer_in == ("last_line",)
    asking = with_reward_prompt(described(template="{{ question }} Write <think>...</think><answer>...</answer>."))
    assert asking.system is None
    assert described(reward="plain") == with_reward_prompt(described(reward="plain"))


def test_a_gate_of_ones_own_brings_no_prompt():
    config = with_reward_prompt(described(reward={"gate": {}}))
    assert config.system is None
    assert config.solution == "{{ gold }}"


def test_only_the_control_may_pay_a_wrong_answer_as_much():
    for name in preset_names():
        for shape in load_preset(name).tables.values():
            others = (shape.wrong, shape.tie or shape.wrong, shape.malformed)
            assert shape.control == (max(others) >= shape.right), name
