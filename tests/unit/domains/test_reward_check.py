"""A reward under which the right answer does not earn most is refused, with what to type."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from xdomain.cli.app import app
from xdomain.config.domain import DomainConfig
from xdomain.core.errors import ConfigError
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain
from xdomain.domains.preflight import preflight_domains
from xdomain.domains.reward_check import refuse_reward

ROWS = [{"q": f"What is {n}+1?", "a": str(n + 1)} for n in range(8)]
BOXED = {"template": "{{ question }} Put it in \\boxed{}.", "solution": "\\boxed{ {{ gold }} }"}


def described(tmp_path, **settings) -> dict:
    for part, rows in (("train", ROWS[:5]), ("test", ROWS[5:])):
        (tmp_path / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"kind": "jsonl"} | {part: str(tmp_path / f"{part}.jsonl") for part in ("train", "test")}
    fields = {"question": "q", "gold": "a"}
    return {"name": "sums", "source": source, "fields": fields, "verifier": "number", "split": {"dev": 0}} | settings


def make(tmp_path, **settings):
    return build_domain(DomainConfig.model_validate(described(tmp_path, **settings)))


def test_a_solution_that_fails_the_gate_is_refused(tmp_path):
    domain = make(tmp_path, reward="cgpo", **BOXED)
    checked = check_domain(domain)
    assert not checked.ok
    assert "5 of 5 gold solutions fail the reward's format gate and earn -1" in checked.problems[0]
    assert "Write `solution` under domains.sums in the form <think>...</think><answer>" in checked.problems[0]
    with pytest.raises(ConfigError, match=r"domains\.sums\.reward: the gold solution fails the reward's format gate"):
        preflight_domains([domain], trained={"sums": 4}, evaluated=Split.TEST)
    preflight_domains([domain], trained={}, evaluated=Split.TEST)  # nothing is rewarded in an evaluation


@pytest.mark.parametrize("verifier", ["number", "text", "math", {"kind": "choice", "choices": "123456789"}])
def test_a_presets_own_prompt_and_solution_pass(tmp_path, verifier):
    domain = make(tmp_path, reward="cgpo", verifier=verifier)
    checked = check_domain(domain)
    domain.close()
    assert checked.problems == ()
    earns = [part.rewards for part in checked.splits]
    assert all(str(paid.gold) == "1" and paid.wrong.highest < 1 and str(paid.garbage) == "-1" for paid in earns)
    assert all("<think>" in item.system and "<answer>" in item.system for item in domain.items(Split.TRAIN))
    refuse_reward(domain, domain.items(Split.TRAIN))


def test_a_gate_that_no_prompt_asks_for_is_refused(tmp_path):
    form = "<think>It is easy.</think><answer>{{ gold }}</answer>"
    domain = make(tmp_path, reward={"gate": {}}, solution=form)
    (problem,) = {part.partition(": ")[2] for part in check_domain(domain).problems}
    assert "the reward demands <answer>, but not every prompt or system message of sums names it" in problem
    with pytest.raises(ConfigError, match="demands <answer>"):
        refuse_reward(domain, domain.items(Split.TRAIN))
    asked = make(tmp_path, reward={"gate": {}}, solution=form, system="Answer in <answer></answer>.")
    checked = check_domain(asked)
    assert checked.ok  # a reasoning model opens <think> unasked
    assert any("demands <think>" in note for note in checked.notes)
    refuse_reward(asked, asked.items(Split.TRAIN))


@pytest.mark.parametrize(
    "reward",
    [
        {"right": 1, "wrong": 1},
        {"right": 0, "wrong": 1},
        {"right": 1, "wrong": 0, "malformed": 1},
        {"right": -1, "wrong": -1, "malformed": -1},
    ],
)
def test_values_that_do_not_pay_the_right_answer_best_are_refused(tmp_path, reward):
    domain = make(tmp_path, reward=reward)
    (problem, *_) = check_domain(domain).problems
    assert "a gold solution earns" in problem
    assert "control: true" in problem
    with pytest.raises(ConfigError, match="a right answer earns"):
        refuse_reward(domain, domain.items(Split.TRAIN))
    control = make(tmp_path, reward={**reward, "control": True})
    assert check_domain(control).ok
    refuse_reward(control, control.items(Split.TRAIN))
    assert control.reward_identity() == domain.reward_identity()


def test_a_length_term_that_eats_the_right_answer_is_refused(tmp_path):
    domain = make(tmp_path, reward={"right": 1, "wrong": 0.6, "length": {"per_unit": 0.05, "cap": 10}})
    with pytest.raises(ConfigError, match=r"a right answer earns 0\.5, but a wrong one 0\.6"):
        refuse_reward(domain, domain.items(Split.TRAIN))


def test_a_place_that_no_prompt_names_is_noted(tmp_path):
    looking = {"kind": "math", "answer_in": ["boxed", "tag"]}
    domain = make(tmp_path, verifier=looking, solution=BOXED["solution"])
    assert any("5 prompts do not mention it" in note for note in check_domain(domain).notes)
    domain.close()
    finding = {"kind": "math", "answer_in": ["boxed", "last_line"]}
    for settings in ({"verifier": looking, **BOXED}, {"verifier": finding}):
        asked = make(tmp_path, **settings)
        assert not any("do not mention it" in note for note in check_domain(asked).notes)
        asked.close()


def test_the_format_only_control_is_allowed(tmp_path):
    domain = make(tmp_path, reward="format-only")
    assert check_domain(domain).ok
    preflight_domains([domain], trained={"sums": 4}, evaluated=Split.TEST)


def test_the_command_prints_what_is_paid_and_refuses(tmp_path):
    path = tmp_path / "sums.yaml"
    path.write_text(json.dumps(described(tmp_path, reward="cgpo")))
    shown = CliRunner().invoke(app, ["domains", "check", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "reward on train: right 1; wrong 0; empty -1; garbage -1" in shown.output
    path.write_text(json.dumps(described(tmp_path, reward="cgpo", **BOXED)))
    shown = CliRunner().invoke(app, ["domains", "check", str(path)])
    assert shown.exit_code == 2
    assert "format gate" in shown.output
