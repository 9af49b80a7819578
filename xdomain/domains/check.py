"""Check a domain without a model: gold answers should be right, garbage should not, and guessing should earn little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdomain.core.errors import DataError, DependencyMissing
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Domain, Item, Split, is_right
from xdomain.domains.overlap import SHOWN, Overlap, find_overlap, repeated_prompts
from xdomain.domains.reward_check import (
    RewardCheck,
    earned,
    gate_failures,
    reward_failure,
    reward_notes,
    reward_problems,
    unasked_tags,
    unplaced_items,
)
from xdomain.domains.rewards import TIE
from xdomain.domains.splits import split_key

GARBAGE = (
    "",
    " \n\t ",
    "\x00\x00",
    "\ud800\udfff",
    "()[]{}" * 20,
    "\\boxed{" * 50,
    "<answer></answer>",
    "I am not able to answer that.",
    "zq" * 100,
    "```python\n```",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
)
"""Completions that are wrong for every item of every domain."""

FEWEST_PROMPTS = 5000
"""Least number of distinct prompts that a procedural domain must offer."""


@dataclass(frozen=True)
class SplitCheck:
    """Results of the check of one split.

    Attributes:
        items: Number of items.
        judged: Number of items whose gold was judged; less than `items` if the check was limited.
        gold_right: Number of judged items whose own solution is right, or ties with itself before a pairwise judge.
        gold_unscored: Number of judged items that the verifier could not judge.
        unreadable: "id (gold)" of the first items whose gold the verifier cannot read.
        unreadable_golds: Number of judged items whose gold the verifier cannot read.
        gold_failures: "id (reason)" of the first items whose own solution is not right.
        garbage_right: Number of pairs of item and garbage that were judged right.
        neighbour_right: Number of items for which the next item's solution is right although its gold differs.
        repeated: Number of items that repeat the prompt of an earlier one.
        longest_prompt: Length of the longest prompt in characters.
        length_histogram: Pairs of upper limit in characters and number of items. Limits double.
        common_golds: The most common golds with their counts.
        constant_score: Score of a model that always gives the most common gold.
        rewards: Rewards that right, wrong and empty answers earn in training.
    """

    split: str
    items: int
    judged: int
    gold_right: int
    gold_unscored: int
    unreadable: tuple[str, ...]
    unreadable_golds: int
    gold_failures: tuple[str, ...]
    garbage_right: int
    neighbour_right: int
    repeated: int
    longest_prompt: int
    length_histogram: tuple[tuple[int, int], ...]
    common_golds: tuple[tuple[str, int], ...]
    constant_score: float
    rewards: RewardCheck


@dataclass(frozen=True)
class DomainCheck:
    """Results of the whole check.

    The domain may be used if and only if `problems` is empty. The reader has to judge the `notes`.

    Attributes:
        chance: Accuracy of a constant or uniform answer on test (see `chance_level`).
        distinct_prompts: Number of distinct prompts over all splits.
    """

    name: str
    scorer: str
    splits: tuple[SplitCheck, ...]
    distinct_prompts: int
    overlap: Overlap
    chance: float | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def check_domain(domain: Domain, *, most: int | None = None, fewest_prompts: int = 0) -> DomainCheck:
    """Check every split of a domain.

    Args:
        domain: Domain to check.
        most: Number of items to judge per split, from the first; None judges all.
        fewest_prompts: Least number of distinct prompts that it should have (`FEWEST_PROMPTS` for procedural domains).

    Raises:
        DataError: The domain's data is missing or malformed.
    """
    filled = [(split, domain.items(split)) for split in Split if domain.items(split)]
    splits = tuple(check_split(domain, split, items, most) for split, items in filled)
    distinct = len({split_key(item) for _, items in filled for item in items})
    overlap = find_overlap(domain, domain)
    return DomainCheck(
        name=domain.name,
        scorer=domain.scorer,
        splits=splits,
        distinct_prompts=distinct,
        overlap=overlap,
        chance=chance_level(domain),
        problems=tuple(find_problems(domain, splits, overlap, distinct, fewest_prompts)),
        notes=(*filter(None, [domain.left_out()]), *find_notes(domain, splits)),
    )


def find_problems(
    domain: Domain, splits: Sequence[SplitCheck], overlap: Overlap, distinct: int, fewest_prompts: int
) -> list[str]:
    """Return one sentence for each reason why the domain must not be used."""
    problems = []
    for part in splits:
        if part.unreadable_golds:
            shown = "; ".join(part.unreadable)
            problems.append(
                f"{part.split}: the verifier cannot read {part.unreadable_golds} of {part.judged} gold answers, "
                f"first {shown}. Correct these rows, or choose a verifier that fits them, such as `text`."
            )
        failed = part.judged - part.gold_right
        if failed:
            shown = "; ".join(part.gold_failures)
            problems.append(f"{part.split}: {failed} of {part.judged} gold answers are not right, first {shown}.")
        if part.garbage_right:
            problems.append(f"{part.split}: garbage is judged right {part.garbage_right} times.")
        problems += reward_problems(domain, part.split, part.judged, part.rewards)
    if overlap.total and domain.name not in domain.allowed_overlap:
        problems.append(f"{overlap.total} of {overlap.test_items} test prompts are in train.")
    if distinct < fewest_prompts:
        problems.append(f"there are {distinct} distinct prompts, but there should be at least {fewest_prompts}.")
    return problems


def find_notes(domain: Domain, splits: Sequence[SplitCheck]) -> list[str]:
    """Return one sentence for each thing that a reader should know."""
    notes = []
    for part in splits:
        notes += reward_notes(domain, part.split, part.rewards)
        if part.neighbour_right:
            notes.append(
                f"{part.split}: for {part.neighbour_right} of {part.judged} items the next item's solution is right "
                "too, although its gold is written differently."
            )
        if part.repeated:
            notes.append(f"{part.split}: {part.repeated} items repeat a prompt with another gold.")
        if part.judged == 0:
            notes.append(f"{part.split}: its items have no gold answers, so none was judged.")
        elif part.judged < part.items:
            notes.append(f"{part.split}: only the first {part.judged} of {part.items} items were judged.")
    return notes


def check_split(domain: Domain, split: Split, items: Sequence[Item], most: int | None) -> SplitCheck:
    judged = [item for item in items[:most] if item.gold]  # without a gold there is no right answer to try
    own = judge_all(domain, [(item, domain.render_solution(item)) for item in judged])
    garbage = judge_all(domain, garbage_pairs(judged))
    others = judge_all(domain, neighbour_pairs([(item, text) for item, text, _ in own]))
    not_right = [(item, verdict) for item, _, verdict in own if not accepts_gold(verdict)]
    unreadable = domain.unreadable_golds(judged)
    golds = Counter(item.gold for item in items)
    return SplitCheck(
        split=split.value,
        items=len(items),
        judged=len(judged),
        gold_right=len(judged) - len(not_right),
        gold_unscored=sum(verdict.outcome is Outcome.UNSCORED for _, _, verdict in own),
        unreadable=tuple(f"{item.id} ({item.gold[:40]!r})" for item in unreadable[:SHOWN]),
        unreadable_golds=len(unreadable),
        gold_failures=tuple(f"{item.id} ({verdict.reason})" for item, verdict in not_right[:SHOWN]),
        garbage_right=sum(is_right(verdict) and text in GARBAGE for _, text, verdict in garbage),
        neighbour_right=sum(is_right(verdict) for _, _, verdict in others),
        repeated=repeated_prompts(items),
        longest_prompt=max(len(item.prompt) for item in items),
        length_histogram=length_histogram([len(item.prompt) for item in items]),
        common_golds=tuple(golds.most_common(5)),
        constant_score=max(golds.values()) / len(items),
        rewards=RewardCheck(
            gold=earned(domain.reward(*each) for each in own if accepts_gold(each[2])),
            wrong=earned(domain.reward(*each) for each in others if not is_right(each[2])),
            malformed=earned(domain.reward(*each) for each in garbage if not each[1]),
            garbage=earned(domain.reward(*each) for each in garbage if not is_right(each[2])),
            failed=reward_failure(domain, (each for each in own if accepts_gold(each[2]))),
            gate_failures=gate_failures(domain, judged, [text for _, text, _ in own]),
            unasked=unasked_tags(domain, items),
            unplaced=unplaced_items(domain, items),
        ),
    )


def judge_all(domain: Domain, pairs: Sequence[tuple[Item, str]]) -> list[tuple[Item, str, Verdict]]:
    """Judge each completion as an answer to its item."""
    verdicts = domain.score([item for item, _ in pairs], [text for _, text in pairs])
    return [(item, text, verdict) for (item, text), verdict in zip(pairs, verdicts, strict=True)]


def accepts_gold(verdict: Verdict) -> bool:
    """Return whether a gold solution was accepted: it is right, or a pairwise judge finds it as good as itself."""
    return is_right(verdict) or (verdict.outcome is Outcome.WRONG and verdict.reason == TIE)


def garbage_pairs(items: Sequence[Item]) -> list[tuple[Item, str]]:
    """Pair each item with one garbage text in turn, and the first items with all of them and with their own prompts."""
    pairs = [(item, GARBAGE[place % len(GARBAGE)]) for place, item in enumerate(items)]
    return pairs + [(item, garbage) for item in items[:SHOWN] for garbage in (*GARBAGE, item.prompt)]


def neighbour_pairs(solved: Sequence[tuple[Item, str]]) -> list[tuple[Item, str]]:
    """Pair each item with the solution of the next one, and the last with the first's, if their golds differ."""
    following = [*solved[1:], *solved[:1]]
    pairs = zip(solved, following, strict=True)
    return [(item, solution) for (item, _), (other, solution) in pairs if other.gold != item.gold]


def length_histogram(lengths: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return the numbers of lengths up to 16, 32, 64, ... characters."""
    limits = [16]
    while limits[-1] < max(lengths):
        limits.append(2 * limits[-1])
    counts = Counter(next(limit for limit in limits if length <= limit) for length in lengths)
    return tuple((limit, counts[limit]) for limit in limits)


def chance_level(domain: Domain, split: Split = Split.TEST) -> float | None:
    """Return the accuracy of the better of two guesses: always the most common gold, or a random offered answer.

    It is computed from the golds of the split. It is None if the split is empty or an answer cannot be guessed at all
    (`Domain.choices` is 0, as for programs).
    """
    items = domain.items(split)
    if not items or domain.choices == 0:
        return None
    constant = max(Counter(item.gold for item in items).values()) / len(items)
    rates = [rate for rate in map(domain.guess_rate, items) if rate is not None]
    return max(constant, sum(rates) / len(items))


def chance_levels(domains: Mapping[str, Domain], split: Split = Split.TEST) -> dict[str, float | None]:
    """Return the `chance_level` of each domain, or None for a domain whose data is no longer on this machine."""
    return {
        name: chance_level(domain, split) if items_here(domain, split) else None for name, domain in domains.items()
    }


def prompts(domains: Mapping[str, Domain], split: Split = Split.TEST) -> dict[str, dict[str, str]]:
    """Return the prompts by domain and item id. A domain whose data is no longer on this machine has none."""
    return {name: {item.id: item.prompt for item in items_here(domain, split)} for name, domain in domains.items()}


def items_here(domain: Domain, split: Split) -> Sequence[Item]:
    """Return the items of a split, or none if they cannot be read on this machine."""
    try:
        return domain.items(split)
    except (DataError, DependencyMissing):
        return ()
