"""Each sample goes to its own domain, keeps its place, and says what it earned."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.toy_training import CharacterDomain
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item, Split
from xdomain.train.rewards import RewardRouter, ScoredSample


class Echo(CharacterDomain):
    """Right is the gold; "?" cannot be judged."""

    def __init__(self, name: str) -> None:
        super().__init__(name, str.isdigit)
        self.stop = (f"end of {name}",)
        self.judged: list[list[str]] = []

    def items(self, split: Split) -> Sequence[Item]:
        return [Item(f"{self.name}-{n}", f"Say {n}.", str(n)) for n in range(3)]

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        self.judged.append(list(completions))
        return [
            Verdict.unscored("no judge") if text == "?" else
            Verdict.right("equal", text) if text == item.gold else Verdict.wrong("different", text)
            for item, text in zip(items, completions, strict=True)
        ]  # fmt: skip

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return verdict.score


def make(keep: int = 0) -> tuple[RewardRouter, dict[str, Echo]]:
    domains = {name: Echo(name) for name in ("a", "b")}
    items = {name: domain.items(Split.TRAIN) for name, domain in domains.items()}
    return RewardRouter(domains, items, keep=keep), domains


COLUMNS = {"domain": ["a", "b", "a", "b", "a"], "index": [0, 1, 0, 2, 2]}
TEXTS = ["0", "1", "9", "?", "2"]


def test_samples_keep_their_order_and_go_to_their_own_domain() -> None:
    router, domains = make()
    scored = router.score(TEXTS, **COLUMNS)
    assert scored.samples == (
        ScoredSample("a", 1.0, Outcome.RIGHT),
        ScoredSample("b", 1.0, Outcome.RIGHT),
        ScoredSample("a", 0.0, Outcome.WRONG),
        ScoredSample("b", None, Outcome.UNSCORED),
        ScoredSample("a", 1.0, Outcome.RIGHT),
    )
    assert scored.rewards == [1.0, 1.0, 0.0, None, 1.0]
    assert scored.kept == ()
    assert (domains["a"].judged, domains["b"].judged) == ([["0", "9", "2"]], [["1", "?"]]), "one call per domain"
    assert router.stop == {"a": ("end of a",), "b": ("end of b",)}


def test_a_truncated_sample_is_wrong_unseen() -> None:
    router, domains = make()
    scored = router.score(TEXTS, **COLUMNS, truncated=[True, False, False, False, False])
    assert scored.samples[0] == ScoredSample("a", 0.0, Outcome.WRONG, truncated=True)
    assert domains["a"].judged == [["9", "2"]]


def test_the_first_samples_are_kept_with_their_text() -> None:
    router, _ = make(keep=3)
    kept = router.score(TEXTS, **COLUMNS).kept
    assert [(each.item_id, each.sample, each.completion, each.gold, each.reward) for each in kept] == [
        ("a-0", 0, "0", "0", 1.0),
        ("b-1", 0, "1", "1", 1.0),
        ("a-0", 1, "9", "0", 0.0),
    ]


def test_nothing_is_left_of_an_earlier_rollout() -> None:
    router, _ = make(keep=2)
    first = router.score(TEXTS, **COLUMNS)
    second = router.score(["1"], domain=["b"], index=[1])
    assert second.samples == (ScoredSample("b", 1.0, Outcome.RIGHT),)
    assert len(second.kept) == 1
    assert len(first.samples) == len(TEXTS)


def test_a_plain_trainer_gets_rewards_of_conversations_too() -> None:
    router, _ = make()
    conversations = [[{"role": "assistant", "content": text}] for text in TEXTS]
    assert router.reward(conversations, **COLUMNS, prompts=[], trainer_state=None) == [1.0, 1.0, 0.0, None, 1.0]


def test_a_sample_without_a_verdict_has_no_error() -> None:
    samples = [ScoredSample("d", 0.0, outcome) for outcome in Outcome]
    errors = {sample.outcome: sample.error for sample in samples}
    assert errors == {Outcome.RIGHT: 0.0, Outcome.WRONG: 1.0, Outcome.MALFORMED: 1.0, Outcome.UNSCORED: None}
