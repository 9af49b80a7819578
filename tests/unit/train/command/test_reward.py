from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.core.errors import DataError
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.train.command import reward
from xdomain.train.command.reward import RewardFile, StageReward

NAMES = ("logic", "puzzle")


def golds(name: str, indices: range) -> list[str]:
    domain = build_domains((), [name])[name]
    return [domain.render_solution(domain.items(Split.TRAIN)[index]) for index in indices]


def test_a_completion_is_judged_by_its_own_domain() -> None:
    judge = StageReward(build_domains((), NAMES), {})
    texts = [*golds("logic", range(2)), *golds("puzzle", range(2)), "nonsense"]
    domains, indices = ["logic", "logic", "puzzle", "puzzle", "puzzle"], [0, 1, 0, 1, 1]
    assert judge.score(domains, indices, texts) == [1.0, 1.0, 1.0, 1.0, 0.0]
    cut_off = [False, True, False, False, False]
    assert judge.score(domains, indices, texts, cut_off)[:2] == [1.0, 0.0], "a truncated answer is wrong"


@pytest.mark.parametrize(
    ("domain", "index", "completions"),
    [(["math"], [0], ["1"]), (["logic"], [10**9], ["1"]), (["logic"], [-1], ["1"]), (["logic"], [0, 1], ["1"])],
)
def test_what_is_no_prompt_of_the_stage_is_refused(domain: list[str], index: list[int], completions: list[str]) -> None:
    with pytest.raises(DataError):
        StageReward(build_domains((), NAMES), {}).score(domain, index, completions)


def test_reasoning_that_the_prompt_opened_belongs_to_the_judged_text() -> None:
    seen: list[str] = []

    class Listening(StageReward):
        def __init__(self) -> None:
            super().__init__(build_domains((), NAMES), {("logic", 0): "<think>\n"})
            judge = self._router.score
            self._router.score = lambda texts, **named: seen.extend(texts) or judge(texts, **named)  # type: ignore

    Listening().score(["logic", "logic"], [0, 1], ["so </think> 1", "1"])
    assert seen == ["<think>\nso </think> 1", "1"]


def test_a_command_imports_the_same_rewards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reward.json"
    path.write_text(RewardFile(domains=NAMES, names=NAMES).model_dump_json())
    monkeypatch.setenv(reward.VARIABLE, str(path))
    reward._stage_reward.cache_clear()
    assert reward.score(["logic"], [3], golds("logic", range(3, 4))) == [1.0]
    reward._stage_reward.cache_clear()
