from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command_stage import NAMES, domains, entries
from xdomain.config.domain import DomainConfig
from xdomain.core.errors import DataError
from xdomain.domains.base import Domain, Split
from xdomain.train.command import reward
from xdomain.train.command.reward import RewardFile, StageReward


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Domain]:
    return domains(tmp_path)


def golds(made: Mapping[str, Domain], name: str, indices: range) -> list[str]:
    return [made[name].render_solution(made[name].items(Split.TRAIN)[index]) for index in indices]


def test_a_completion_is_judged_by_its_own_domain(made: dict[str, Domain]) -> None:
    judge = StageReward(made, {})
    texts = [*golds(made, "sums", range(2)), *golds(made, "letters", range(2)), "nonsense"]
    names, indices = ["sums", "sums", "letters", "letters", "letters"], [0, 1, 0, 1, 1]
    assert judge.score(names, indices, texts) == [1.0, 1.0, 1.0, 1.0, 0.0]
    cut_off = [False, True, False, False, False]
    assert judge.score(names, indices, texts, cut_off)[:2] == [1.0, 0.0], "a truncated answer is wrong"


@pytest.mark.parametrize(
    ("domain", "index", "completions"),
    [(["math"], [0], ["1"]), (["sums"], [10**9], ["1"]), (["sums"], [-1], ["1"]), (["sums"], [0, 1], ["1"])],
)
def test_what_is_no_prompt_of_the_stage_is_refused(
    made: dict[str, Domain], domain: list[str], index: list[int], completions: list[str]
) -> None:
    with pytest.raises(DataError):
        StageReward(made, {}).score(domain, index, completions)


def test_reasoning_that_the_prompt_opened_belongs_to_the_judged_text(made: dict[str, Domain]) -> None:
    thinking = "<think>\nhm</think>"
    gold = golds(made, "sums", range(1))[0]
    judge = StageReward(made, {("sums", 0): "<think>\n"})
    assert judge.judged("sums", 0, f"hm</think>{gold}") == f"{thinking}{gold}"
    assert judge.judged("sums", 0, f"{thinking}{gold}") == f"{thinking}{gold}", "the model wrote the tag itself"
    assert judge.judged("sums", 1, gold) == gold


def test_a_command_imports_the_same_rewards(
    made: dict[str, Domain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reward.json"
    described = tuple(map(DomainConfig.model_validate, entries(tmp_path)))
    path.write_text(RewardFile(domains=described, names=NAMES).model_dump_json())
    monkeypatch.setenv(reward.VARIABLE, str(path))
    reward._stage_reward.cache_clear()
    assert reward.score(["sums"], [3], golds(made, "sums", range(3, 4))) == [1.0]
    reward._stage_reward.cache_clear()
