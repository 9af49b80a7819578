"""Adaptive domain weights: shares by hand, exact rounding, and rollouts that take the next prompts of seeded queues."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.toy_training import toy_domains, toy_trainer
from xdomain.config.strategy import BanditConfig, TransferAwareConfig
from xdomain.strategies.adaptive import Bandit, TransferAware
from xdomain.strategies.testing import step_of_gradients
from xdomain.train.prompt_schedule import draw_schedule

EVEN = {"a": 1, "b": 1}


def bandit(**parameters: Any) -> Bandit:
    return Bandit(BanditConfig(**parameters), ("a", "b"), 0)


def test_shares_by_hand() -> None:
    """Without exploration: floor + (1 - 2 floor) softmax(L / temperature), with the phase's weights as a prior."""
    strategy = bandit(temperature=0.5, exploration=0, floor=0.1, memory=0.5)
    assert strategy.shares({"a": 3, "b": 1}) == pytest.approx({"a": 0.1 + 0.8 * 0.75, "b": 0.1 + 0.8 * 0.25})
    strategy.observe({"a": 0.2, "b": 0.6})
    strategy.observe({"a": 0.4})
    ratio = math.exp((0.6 - 0.3) / 0.5)  # a: (0.2 + 0.4) / 2; b was not in the second rollout
    expected = {"a": 0.1 + 0.8 / (1 + ratio), "b": 0.1 + 0.8 * ratio / (1 + ratio)}
    assert strategy.shares(EVEN) == pytest.approx(expected)


def test_exploration_is_the_upper_confidence_bound() -> None:
    strategy = bandit(floor=0)
    strategy.observe({"a": 0.5, "b": 0.5})
    strategy.taken = {"a": 30, "b": 10}
    bound = {name: math.sqrt(2 * math.log(41) / (count + 1)) for name, count in strategy.taken.items()}
    assert strategy.values() == pytest.approx({name: 0.5 + each for name, each in bound.items()})
    assert strategy.shares(EVEN)["b"] > 0.5


def test_a_domain_not_seen_yet_counts_as_the_best() -> None:
    strategy = bandit(exploration=0)
    strategy.observe({"a": 0.7})
    assert strategy.values() == {"a": 0.7, "b": 0.7}


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    seen=st.lists(st.lists(st.floats(0, 2), min_size=5, max_size=5), min_size=1, max_size=12),
    prompts=st.integers(1, 40),
    floor=st.floats(0, 0.2),
)
def test_counts_are_whole_and_follow_the_shares(
    weights: list[int], seen: list[list[float]], prompts: int, floor: float
) -> None:
    names = tuple("abcde"[: len(weights)])
    strategy = Bandit(BanditConfig(floor=floor), names, 0)
    nominal = dict(zip(names, weights, strict=True))
    promised = dict.fromkeys(names, 0.0)
    for row in seen:
        shares = strategy.shares(nominal)
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) >= floor - 1e-12
        counts = strategy.allocate(prompts, nominal)
        assert sum(counts.values()) == prompts
        assert min(counts.values()) >= 0
        for name in names:
            promised[name] += shares[name] * prompts
            assert abs(strategy.taken[name] - promised[name]) < len(names)
        strategy.observe(dict(zip(names, row, strict=False)))


def test_transfer_is_the_mean_cosine_with_the_others() -> None:
    strategy = TransferAware(TransferAwareConfig(exploration=0, transfer=2.0), ("a", "b", "c"), 0)
    strategy.observe({"a": 0.5, "b": 0.5, "c": 0.5})
    rows = {"a": [1.0, 0.0], "b": [1.0, 1.0], "c": [-1.0, 0.0]}
    step = step_of_gradients({name: [torch.tensor(row).double()] for name, row in rows.items()})
    figures = strategy.step(step)
    half = math.sqrt(0.5)
    expected = {"a": (half - 1) / 2, "b": 0.0, "c": (-half - 1) / 2}
    assert figures["transfer"] == pytest.approx(expected)
    assert strategy.values() == pytest.approx({name: 0.5 + 2 * each for name, each in expected.items()})
    joint = sum(torch.tensor(row).double() for row in rows.values()) / 3
    torch.testing.assert_close(step.parameters[0].grad, joint)
    strategy.step(step_of_gradients({"a": [torch.zeros(2)], "b": [torch.ones(2)]}))  # no cosine, so nothing is learned
    assert strategy.values() == pytest.approx({name: 0.5 + 2 * each for name, each in expected.items()})


@pytest.mark.parametrize(
    "config", [BanditConfig(exploration=0), TransferAwareConfig()], ids=lambda each: str(each.name)
)
def test_rollouts_take_the_next_prompts_of_each_queue(config: Any, tmp_path: Path) -> None:
    """What is chosen is how many; which prompts come next was drawn from the seed."""
    seen: list[list[tuple[str, int]]] = []
    trainer = toy_trainer(tmp_path, config, steps=12, epochs_per_rollout=2, learning_rate=1e-4)
    router = trainer.router
    score = router.__class__.score

    def spy(self: Any, *arguments: Any, **columns: Any) -> Any:
        seen.append(list(zip(columns["domain"], columns["index"], strict=True)))
        return score(self, *arguments, **columns)

    router.__class__ = type("Spy", (router.__class__,), {"score": spy})
    trainer.train()
    assert len(seen) == 6
    trained = [pair for rollout in seen for pair in rollout[:: trainer.num_generations]]
    written = (tmp_path / "schedule.txt").read_text().splitlines()
    assert written == [f"{domain} {index}" for domain, index in trained]
    for name, domain in toy_domains().items():
        own = [index for each, index in trained if each == name]
        queue = draw_schedule({name: 48}, {name: range(len(domain.items("train")))}, {}, 0)  # type: ignore[arg-type]
        assert own == [entry.index for entry in queue][: len(own)]
    assert dict(Counter(name for name, _ in trained)) == trainer.strategy.taken  # type: ignore[attr-defined]
    assert sum(trainer.rollout_metrics["sampling"]["prompts"].values()) == 8
