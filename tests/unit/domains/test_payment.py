"""Rewards by a function: what it returns is paid, and what goes wrong leaves the sample without a reward."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import anchor
from xdomain.config.domain_reward import FunctionReward, RewardShape
from xdomain.core.errors import ConfigError
from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain
from xdomain.domains.payment import FunctionPayment, payment_of
from xdomain.domains.reward_check import refuse_reward

ITEM = Item("i", "2 + 2", "4")
RIGHT = Verdict.right(answer="4")


def payment(folder: Path, body: str) -> FunctionPayment:
    (folder / "paying.py").write_text(f"def reward(item, completion, verdict):\n    {body}\n")
    return FunctionPayment(FunctionReward(function="paying:reward", folder=str(folder)))


@pytest.mark.parametrize(
    ("body", "paid"),
    [
        ("return 2", 2.0),
        ("return -1.5", -1.5),
        ("return True", 1.0),
        ("return verdict.score * len(completion)", 3.0),
        ("import numpy as np; return np.float32(0.5)", 0.5),
        ("import torch; return torch.tensor([3.0])", 3.0),
    ],
)
def test_a_number_is_paid(tmp_path: Path, body: str, paid: float) -> None:
    found, problem = payment(tmp_path, body).pay(ITEM, "abc", RIGHT)
    assert (found, problem) == (paid, "")
    assert type(found) is float


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("return None", ""),
        ("return 'much'", "the function returned str, no finite number"),
        ("return float('nan')", "the function returned nan, no finite number"),
        ("return float('-inf')", "the function returned -inf, no finite number"),
        ("raise RuntimeError('no reward today')", "RuntimeError: no reward today"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_the_rest_leaves_the_sample_without_a_reward(tmp_path: Path, body: str, problem: str) -> None:
    assert payment(tmp_path, body).pay(ITEM, "abc", RIGHT) == (None, problem)


def test_the_first_failure_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    failing = payment(tmp_path, "raise RuntimeError(completion)")
    for completion in ("abc", "def"):
        failing.pay(ITEM, completion, RIGHT)
    (message,) = caplog.messages
    assert message == "paying:reward paid nothing for item i: RuntimeError: abc. Later failures are not logged."


def test_unscored_completions_are_not_asked_about(tmp_path: Path) -> None:
    assert payment(tmp_path, "raise RuntimeError").pay(ITEM, "abc", Verdict.unscored("no judge")) == (None, "")


def test_a_shape_and_a_preset_pay_as_before() -> None:
    assert payment_of(RewardShape(right=2.0), "text").pay(ITEM, "4", RIGHT) == (2.0, "")
    assert payment_of("cgpo", "math").gate is not None
    with pytest.raises(ConfigError, match="unknown reward preset"):
        payment_of("cgop", "math")


def test_identity_follows_name_and_source_but_not_the_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here, there = payment(tmp_path, "return 1"), payment(tmp_path / "elsewhere", "return 1")
    assert here.identity() == there.identity()
    assert here.identity() != payment(tmp_path, "return 2").identity()


def domain(folder: Path, body: str, **reward: bool) -> Domain:
    payment(folder, body)
    data = {
        "name": "sums",
        "source": {"kind": "procedural", "generator": "arithmetic", "sizes": [20, 5, 5]},
        "reward": {"function": "paying:reward", **reward},
    }
    return build_domain(DomainConfig.model_validate(anchor(data, folder)))


def test_a_reward_that_does_not_pay_right_answers_best_is_refused(tmp_path: Path) -> None:
    items = domain(tmp_path, "return 1").items(Split.TRAIN)
    refuse_reward(domain(tmp_path, "return verdict.score"), items)
    refuse_reward(domain(tmp_path, "return 1", control=True), items)
    with pytest.raises(ConfigError, match="a right answer earns 1, but a wrong one 1"):
        refuse_reward(domain(tmp_path, "return 1"), items)
    with pytest.raises(ConfigError, match="a right answer has no reward: ZeroDivisionError: division by zero"):
        refuse_reward(domain(tmp_path, "return 1 / 0"), items)


def test_the_check_tells_of_a_reward_that_fails(tmp_path: Path) -> None:
    assert check_domain(domain(tmp_path, "return verdict.score")).ok
    problems = " ".join(check_domain(domain(tmp_path, "return 1 / 0")).problems)
    assert "ZeroDivisionError: division by zero" in problems
