"""One reward function for all domains: a sample goes to its own domain's verifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Domain, Item
from xdomain.domains.judging import judge_finished


@dataclass(frozen=True)
class ScoredSample:
    """What one rollout earned; `reward` None where its verifier could not judge."""

    domain: str
    reward: float | None
    outcome: Outcome
    truncated: bool = False


@dataclass(frozen=True)
class KeptSample:
    """One rollout as `rollouts.jsonl` stores it, without its step."""

    domain: str
    item_id: str
    sample: int
    """0-based index of the completion among those of its prompt."""
    completion: str
    """The text that was judged."""
    answer: str | None
    gold: str
    outcome: Outcome
    reason: str
    score: float | None
    reward: float | None
    truncated: bool


class RewardRouter:
    """TRL reward callable over the columns `domain` and `index`.

    Args:
        domains: by name.
        items: train items by domain.
        keep: number of samples of each call, the first ones, that are kept with their text.
    """

    __name__ = "reward"

    def __init__(self, domains: Mapping[str, Domain], items: Mapping[str, Sequence[Item]], *, keep: int = 0) -> None:
        self._domains = domains
        self._keep = keep
        self._items = items
        self.stop = {name: domain.stop for name, domain in domains.items()}
        """Stop strings by domain."""
        self.last: list[ScoredSample] = []
        """Samples of the latest call, in TRL's order."""
        self.kept: list[KeptSample] = []
        """The first samples of the latest call with their text."""

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        domain: Sequence[str],
        index: Sequence[int],
        truncated: Sequence[bool] | None = None,
        **_: Any,
    ) -> list[float | None]:
        """One reward a sample; None leaves it without advantage.

        Args:
            completions: texts to judge, or one-message conversations where TRL applies the chat template.
            truncated: whether each ended for want of room, which is wrong here as in evaluation; None if none did.
        """
        cut_off = [False] * len(completions) if truncated is None else truncated
        samples: list[ScoredSample | None] = [None] * len(completions)
        kept: dict[int, KeptSample] = {}
        asked: Counter[tuple[str, int]] = Counter()
        texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        for name in dict.fromkeys(domain):
            places = [place for place, each in enumerate(domain) if each == name]
            items = [self._items[name][index[place]] for place in places]
            own = [texts[place] for place in places]
            verdicts = judge_finished(self._domains[name], items, own, [cut_off[place] for place in places])
            for place, item, verdict in zip(places, items, verdicts, strict=True):
                reward = self._domains[name].reward(item, texts[place], verdict)
                scored = samples[place] = ScoredSample(name, reward, verdict.outcome, cut_off[place])
                if place < self._keep:
                    number = asked[name, index[place]]
                    asked[name, index[place]] += 1
                    kept[place] = kept_sample(scored, item, number, texts[place], verdict)
        self.last = [sample for sample in samples if sample is not None]
        self.kept = [kept[place] for place in sorted(kept)]
        return [sample.reward for sample in self.last]


def kept_sample(scored: ScoredSample, item: Item, number: int, text: str, verdict: Verdict) -> KeptSample:
    """Return a sample with its text and what the verifier said of it."""
    return KeptSample(
        domain=scored.domain,
        item_id=item.id,
        sample=number,
        completion=text,
        answer=verdict.answer,
        gold=item.gold,
        outcome=verdict.outcome,
        reason=verdict.reason,
        score=verdict.score,
        reward=scored.reward,
        truncated=scored.truncated,
    )
