"""One reward function for all domains, which passes each sample to its own domain's verifier."""

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
    """Outcome and reward of one sample. The reward is None if the verifier could not judge it."""

    domain: str
    reward: float | None
    outcome: Outcome
    truncated: bool = False

    @property
    def error(self) -> float | None:
        """0 if the sample is right, 1 if it is not; None if the verifier could not judge it."""
        return None if self.outcome is Outcome.UNSCORED else float(self.outcome is not Outcome.RIGHT)


@dataclass(frozen=True)
class KeptSample:
    """One sample as `rollouts.jsonl` stores it, without its step."""

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


@dataclass(frozen=True)
class ScoredRollout:
    """The samples of one rollout in TRL's order, and the first few with their text."""

    samples: tuple[ScoredSample, ...] = ()
    kept: tuple[KeptSample, ...] = ()

    @property
    def rewards(self) -> list[float | None]:
        """Return one reward per sample. A sample whose reward is None gets no advantage."""
        return [sample.reward for sample in self.samples]


class RewardRouter:
    """A reward function that finds each sample's domain and item by the columns `domain` and `index`.

    Args:
        domains: Domains by name.
        items: Training items by domain.
        keep: Number of samples at the start of each rollout that are kept with their text.
    """

    def __init__(self, domains: Mapping[str, Domain], items: Mapping[str, Sequence[Item]], *, keep: int = 0) -> None:
        self._domains = domains
        self._keep = keep
        self._items = items
        self.stop = {name: domain.stop for name, domain in domains.items()}
        """Stop strings by domain."""

    def reward(self, completions: Sequence[Any], domain: Any, index: Any, **_: Any) -> list[float | None]:
        """Score a rollout. This is the reward function for a plain GRPOTrainer."""
        return self.score(completions, domain=domain, index=index).rewards

    def score(
        self,
        completions: Sequence[Any],
        *,
        domain: Sequence[str],
        index: Sequence[int],
        truncated: Sequence[bool] | None = None,
    ) -> ScoredRollout:
        """Judge a rollout, each sample by its own domain.

        Args:
            completions: Texts to judge, or one-message conversations where TRL applies the chat template.
            domain: Name of each sample's domain.
            index: Position of each sample's item among its domain's training items.
            truncated: Mask of samples that ran out of room, which count as wrong, as in evaluation. None if no sample
                did.
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
        return ScoredRollout(
            tuple(sample for sample in samples if sample is not None), tuple(kept[place] for place in sorted(kept))
        )


def kept_sample(scored: ScoredSample, item: Item, number: int, text: str, verdict: Verdict) -> KeptSample:
    """Return a sample with its text and the verifier's verdict."""
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
