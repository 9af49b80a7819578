"""Rollouts that take the next prompts of their domains' queues."""

from __future__ import annotations

from pathlib import Path

from xdomain.config.strategy import BanditConfig
from xdomain.strategies.adaptive import Bandit
from xdomain.train.adaptive import SLOT, AdaptiveSchedule
from xdomain.train.prompt_schedule import ScheduledPrompt

QUEUES = {name: [ScheduledPrompt(name, index) for index in range(100)] for name in ("a", "b")}


def schedule(path: Path, strategy: Bandit | None = None) -> AdaptiveSchedule:
    return AdaptiveSchedule(
        strategy or Bandit(BanditConfig(exploration=0.0), ("a", "b"), 0),
        QUEUES,
        {"a": 1.0, "b": 1.0},
        4,
        row=lambda each: {"domain": each.domain, "index": each.index},
        line=lambda each: f"{each.domain} {each.index}",
        path=path,
    )


def rollout(made: AdaptiveSchedule) -> list[tuple[str, int]]:
    rows = made.fill([{SLOT: slot} for slot in range(4)])
    return [(row["domain"], row["index"]) for row in rows]


def test_every_prompt_of_a_queue_is_used_once_and_in_order(tmp_path: Path) -> None:
    made = schedule(tmp_path / "s")
    taken = [rollout(made) for _ in range(3)]
    for name in ("a", "b"):
        assert [index for rows in taken for domain, index in rows if domain == name] == list(range(6))
    assert made.figures["prompts"] == {"a": 2, "b": 2}


def test_processes_see_the_same_rollout(tmp_path: Path) -> None:
    made = schedule(tmp_path / "s")
    rows = made.fill([{SLOT: slot} for slot in (6, 6, 7)])
    assert rows[0] == rows[1]
    assert [row[SLOT] for row in rows] == [6, 6, 7]


def test_a_killed_stages_lines_beyond_its_checkpoint_go(tmp_path: Path) -> None:
    made = schedule(tmp_path / "s")
    rollout(made)
    made.write()
    state = made._strategy.state()
    first = (tmp_path / "s").read_text()
    rollout(made)
    made.write()
    assert len((tmp_path / "s").read_text().splitlines()) == 8
    resumed = Bandit(BanditConfig(exploration=0.0), ("a", "b"), 0)
    resumed.load_state(state)
    again = schedule(tmp_path / "s", resumed)
    again.observe({"a": 5.0, "b": 0.0})
    rollout(again)
    again.write()
    lines = (tmp_path / "s").read_text().splitlines()
    assert "".join(f"{line}\n" for line in lines[:4]) == first
    assert len(lines) == 8
    assert again.figures["prompts"]["a"] > 2
