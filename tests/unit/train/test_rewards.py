"""Samples go to their own domain's verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.support.toy_training import CharacterDomain
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.train.rewards import RewardRouter


class Unjudged(CharacterDomain):
    """Its judge is down, and it pays nothing."""

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [Verdict.unscored("judge down") for _ in items]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return None


@pytest.fixture
def router() -> RewardRouter:
    kinds = [
        CharacterDomain("digits", str.isdigit),
        CharacterDomain("letters", str.isalpha),
        Unjudged("none", str.isdigit),
    ]
    domains: Mapping[str, Domain] = {domain.name: domain for domain in kinds}
    return RewardRouter(domains, {name: domain.items(Split.TRAIN) for name, domain in domains.items()}, keep=2)


def test_mixed_rollouts_are_judged_by_domain(router: RewardRouter) -> None:
    rollout = router.score(["12", "ab", "1a", "7"], domain=["digits", "letters", "letters", "none"], index=[0, 1, 1, 2])
    assert rollout.rewards == [1.0, 1.0, 0.5, None]
    assert [sample.outcome for sample in rollout.samples] == [
        Outcome.RIGHT,
        Outcome.RIGHT,
        Outcome.WRONG,
        Outcome.UNSCORED,
    ]


def test_a_truncated_sample_is_wrong_as_in_evaluation(router: RewardRouter) -> None:
    rollout = router.score(["12"], domain=["digits"], index=[0], truncated=[True])
    assert (rollout.samples[0].outcome, rollout.samples[0].truncated) == (Outcome.WRONG, True)


def test_the_first_samples_are_kept_with_their_text(router: RewardRouter) -> None:
    rollout = router.score(["12", "1a", "ab"], domain=["digits"] * 3, index=[4, 4, 5])
    assert [(kept.sample, kept.completion, kept.reward) for kept in rollout.kept] == [(0, "12", 1.0), (1, "1a", 0.5)]
    assert rollout.kept[0].item_id == rollout.kept[1].item_id


def test_a_plain_trainer_hands_over_conversations(router: RewardRouter) -> None:
    chats = [[{"role": "assistant", "content": "12"}], [{"role": "assistant", "content": "a"}]]
    assert router.reward(chats, ["digits", "digits"], [0, 1]) == [1.0, 0.0]
