"""reasoning-gym as a source: packs, exclusions, and its scorers on hostile answers."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("reasoning_gym") is None:
    pytest.skip("reasoning-gym is not installed", allow_module_level=True)

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import ConfigError
from xdomain.core.records import Outcome
from xdomain.domains.base import Item, Split
from xdomain.domains.build import build_domain
from xdomain.domains.check import check_domain
from xdomain.domains.sources.reasoning_gym import EXCLUDED, load_package
from xdomain.domains.verifiers.reasoning_gym import ReasoningGymChecker

FAST = ("knights_knaves", "word_sorting", "prime_factorization", "chain_sum", "syllogism", "shortest_path")


def pack(tasks, size=60, **settings):
    source = {"kind": "reasoning_gym", "tasks": tasks, "size": size}
    return build_domain(DomainConfig.model_validate({"name": "pack", "source": source, **settings}))


@pytest.mark.parametrize("task", FAST)
def test_gold_scores_and_garbage_does_not(task):
    domain = pack(task, size=30)
    found = check_domain(domain)
    domain.close()
    assert found.ok
    assert sum(part.gold_right for part in found.splits) == sum(part.items for part in found.splits) > 20


@pytest.mark.slow
def test_every_offered_task_is_sound():
    unsound = {}
    for task in sorted(set(load_package()[1]) - set(EXCLUDED)):
        domain = pack(task, size=30)
        found = check_domain(domain)
        domain.close()
        if not found.ok or any(part.gold_unscored for part in found.splits):
            unsound[task] = found.problems
    assert unsound == {}


def test_every_exclusion_names_a_task_and_a_reason():
    assert set(EXCLUDED) <= set(load_package()[1])
    assert all(len(reason) > 10 for reason in EXCLUDED.values())
    with pytest.raises(ConfigError, match=r"game_of_life_halting.*pays in full for any answer"):
        pack("game_of_life_halting")


def test_unknown_tasks_and_parameters():
    with pytest.raises(ConfigError, match='Did you mean "chain_sum"'):
        pack("chain_sums").items(Split.TEST)
    with pytest.raises(ConfigError, match="does not take these parameters"):
        pack([{"name": "chain_sum", "parameters": {"nonsense": 1}}]).items(Split.TEST)


def test_packs_are_weighted_and_split_by_prompt():
    tasks = [{"name": "chain_sum", "weight": 3}, {"name": "syllogism", "weight": 1}]
    domain = pack(tasks, size=200)
    items = [item for split in Split for item in domain.items(split)]
    counts = [sum(item.metadata["task"]["name"] == task for item in items) for task in ("chain_sum", "syllogism")]
    assert counts[0] > 2 * counts[1] > 0
    assert check_domain(domain, most=1).overlap.total == 0
    domain.close()


def test_full_scores_alone_are_right():
    domain = pack("chain_sum", size=20)
    item = domain.items(Split.TRAIN)[0]
    verdicts = domain.score([item] * 4, [f"\\boxed{{{item.gold}}}", f"it is {item.gold}, I think", "", "\\boxed{zzz}"])
    domain.close()
    assert [verdict.outcome for verdict in verdicts] == [Outcome.RIGHT, Outcome.WRONG, Outcome.MALFORMED, Outcome.WRONG]


def entry_of(task: str) -> Item:
    return Item(task, "p", "g", metadata={"task": {"name": task, "seed": 1, "size": 2, "parameters": {}}, "index": 0})


def test_no_offered_scorer_runs_the_answer(tmp_path):
    """An answer that makes a file wherever a scorer evaluates it, as the excluded ones do."""
    checker = ReasoningGymChecker(("whole",))
    trap = tmp_path / "sprung"
    answer = f"__import__('pathlib').Path({str(trap)!r}).touch()"
    slow_to_draw = {"zebra_puzzles", "sokoban", "futoshiki"}
    items = [entry_of(task) for task in sorted(set(load_package()[1]) - set(EXCLUDED) - slow_to_draw)]
    verdicts = checker.judge(items, [answer] * len(items))
    assert not trap.exists()
    assert {verdict.outcome for verdict in verdicts} <= {Outcome.WRONG, Outcome.MALFORMED}
    checker.judge([entry_of("countdown")], [answer])
    checker.close()
    assert trap.exists(), "the trap works where a scorer evaluates"


def test_items_do_not_depend_on_the_hash_seed():
    program = (
        "from xdomain.domains.sources.reasoning_gym import ReasoningGymRows\n"
        "from xdomain.config.domain_source import ReasoningGymSource\n"
        "from xdomain.core.fingerprint import text_digest\n"
        f"rows = ReasoningGymRows(ReasoningGymSource(kind='reasoning_gym', tasks={FAST!r}, size=60)).rows('pool')\n"
        "print(text_digest(repr([(row.values['question'], row.values['gold']) for row in rows])))"
    )
    root = str(Path(__file__).resolve().parents[2])
    digests = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        command = [sys.executable, "-c", program]
        digests.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(digests) == 1
