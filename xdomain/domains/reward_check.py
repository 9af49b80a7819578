"""Check the rewards that a domain pays for right, wrong, empty and garbage answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from xdomain.core.errors import ConfigError
from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item
from xdomain.domains.rewards import gate_text, passes_gate, tags_not_in

SHOWN_CHARACTERS = 80
"""Number of characters of a solution that a message shows."""

LONG_ANSWER = " and so on" * 50
"""Text that is appended to a gold answer to find the reward of a longer right answer."""


@dataclass(frozen=True)
class Earned:
    """Rewards of several completions of one kind."""

    lowest: float
    highest: float
    mean: float

    def __str__(self) -> str:
        same = self.lowest == self.highest
        return f"{self.lowest:g}" if same else f"{self.lowest:g} to {self.highest:g} (mean {self.mean:.3g})"


@dataclass(frozen=True)
class RewardCheck:
    """Rewards of completions of one split; None for a kind that was not tried or has no reward.

    Attributes:
        gold: Rewards of the items' own solutions that the verifier accepts.
        wrong: Rewards of next items' solutions that the verifier rejects.
        malformed: Rewards of the empty completion.
        garbage: Rewards of completions that answer no item, such as the prompt itself.
        failed: Reason why the first accepted gold solution without a reward has none; "" if all have one.
        gate_failures: "id (solution)" of each gold solution that fails the reward's gate.
        unasked: Tags that the gate demands and that some item's prompt and system message do not name.
        unplaced: Number of items that mention none of the marks that the verifier needs.
    """

    gold: Earned | None
    wrong: Earned | None
    malformed: Earned | None
    garbage: Earned | None
    failed: str
    gate_failures: tuple[str, ...]
    unasked: tuple[str, ...]
    unplaced: int


def earned(rewards: Iterable[float | None]) -> Earned | None:
    """Summarise rewards, without completions that have none."""
    values = [reward for reward in rewards if reward is not None]
    return Earned(min(values), max(values), fmean(values)) if values else None


def gate_failures(domain: Domain, items: Sequence[Item], solutions: Sequence[str]) -> tuple[str, ...]:
    """Return "id (solution)" of each solution that fails the domain's gate."""
    gate = domain.gate
    if gate is None:
        return ()
    failed = [(item, text) for item, text in zip(items, solutions, strict=True) if not passes_gate(gate, text)]
    return tuple(f"{item.id} ({text.strip()[:SHOWN_CHARACTERS]!r})" for item, text in failed)


def reward_failure(domain: Domain, accepted: Iterable[tuple[Item, str, Verdict]]) -> str:
    """Return the reason why the first accepted solution without a reward has none, or "" if nothing failed."""
    return next(filter(None, (domain.reward_problem(*each) for each in accepted)), "")


def unasked_tags(domain: Domain, items: Sequence[Item]) -> tuple[str, ...]:
    """Return the tags that the domain's gate demands and that some item does not ask for."""
    if domain.gate is None:
        return ()
    return tuple(sorted({tag for item in items for tag in tags_not_in(domain.gate, asked(item))}))


def unplaced_items(domain: Domain, items: Sequence[Item]) -> int:
    """Count the items that mention none of the marks that the verifier needs."""
    if not domain.places:
        return 0
    return sum(not any(mark in asked(item) for mark in domain.places) for item in items)


def asked(item: Item) -> str:
    return f"{item.system or ''}\n{item.prompt}"


def reward_problems(domain: Domain, split: str, judged: int, found: RewardCheck) -> list[str]:
    """Return one sentence for each reason why training on this reward cannot teach right answers."""
    if domain.control:
        return []
    problems = [f"{split}: a right answer has no reward: {found.failed}."] if found.failed else []
    if domain.gate is not None and found.gate_failures:
        problems.append(
            f"{split}: {len(found.gate_failures)} of {judged} gold solutions fail the reward's format gate and earn "
            f"{domain.gate.value:g}, first {found.gate_failures[0]}. {fix_of_solution(domain)}"
        )
    elif found.gold is not None:
        better = {"another item's solution": found.wrong, "an empty one": found.malformed, "garbage": found.garbage}
        paid = {name: other for name, other in better.items() if other is not None and other.mean >= found.gold.mean}
        if paid:
            others = " and ".join(f"{name} {other}" for name, other in paid.items())
            problems.append(f"{split}: a gold solution earns {found.gold}, and {others}. {fix_of_values(domain)}")
    if answer_tag(domain) in found.unasked:
        problems.append(f"{split}: {sentence_of_unasked(domain, (answer_tag(domain),))}")
    return problems


def reward_notes(domain: Domain, split: str, found: RewardCheck) -> list[str]:
    """Return one sentence for each thing that a reader should know."""
    notes = []
    others = tuple(tag for tag in found.unasked if tag != answer_tag(domain))
    if others and not domain.control:
        notes.append(f"{split}: {sentence_of_unasked(domain, others)}")
    if found.unplaced and domain.gate is None:
        notes.append(
            f"{split}: the verifier finds an answer only in {' or '.join(domain.places)}, but {found.unplaced} prompts "
            "do not mention it. Ask for it in `template`."
        )
    return notes


def answer_tag(domain: Domain) -> str:
    """Return the opening answer tag that the gate demands, or "" for none."""
    return f"<{domain.gate.answer_tag}>" if domain.gate is not None and domain.gate.answer_tag is not None else ""


def refuse_reward(domain: Domain, items: Sequence[Item]) -> None:
    """Refuse a reward that does not pay right answers best.

    The reward is tried on invented verdicts, without a verifier.

    Raises:
        ConfigError: A right gold solution fails the gate or does not earn more than a wrong or malformed one, or no
            prompt asks for the answer tag that the gate demands.
    """
    if domain.control or not items:
        return
    where = f"domains.{domain.name}.reward"
    failures = gate_failures(domain, items, [domain.render_solution(item) for item in items])
    if failures:
        what = f"the gold solution fails the reward's format gate: {failures[0]}."
        raise ConfigError(what, where=where, fix=fix_of_solution(domain))
    missing = answer_tag(domain)
    if missing in unasked_tags(domain, items):
        raise ConfigError(sentence_of_unasked(domain, (missing,)), where=where, fix=fix_of_prompt(domain))
    for item in items:
        solution = domain.render_solution(item)
        right = [Verdict.right(answer=item.gold), Verdict.right(answer=item.gold + LONG_ANSWER)]
        if problem := domain.reward_problem(item, solution, right[0]):
            raise ConfigError(f"a right answer has no reward: {problem}.", where=where, fix="Correct the function.")
        lowest = min_known(domain.reward(item, solution, verdict) for verdict in right)
        for name, verdict in {"wrong": Verdict.wrong(), "malformed": Verdict.malformed("")}.items():
            other = domain.reward(item, solution, verdict)
            if lowest is not None and other is not None and other >= lowest:
                raise ConfigError(
                    f"a right answer earns {lowest:g}, but a {name} one {other:g}.",
                    where=where,
                    fix=fix_of_values(domain),
                )


def min_known(rewards: Iterable[float | None]) -> float | None:
    """Return the least reward that is not missing."""
    return min((reward for reward in rewards if reward is not None), default=None)


def sentence_of_unasked(domain: Domain, tags: Sequence[str]) -> str:
    return f"the reward demands {' and '.join(tags)}, but not every prompt or system message of {domain.name} names it."


def fix_of_solution(domain: Domain) -> str:
    form = gate_text(domain.gate) if domain.gate is not None else ""
    return (
        f"Write `solution` under domains.{domain.name} in the form {form}, and ask for that form in `system` or "
        "`template`; or choose a reward without a gate."
    )


def fix_of_prompt(domain: Domain) -> str:
    form = gate_text(domain.gate) if domain.gate is not None else ""
    return f"Ask for {form} in `system` or `template` under domains.{domain.name}; or choose a reward without a gate."


def fix_of_values(domain: Domain) -> str:
    return (
        f"Raise `right` or lower the others under domains.{domain.name}.reward. For a control arm that is not "
        "meant to pay right answers best, set `control: true` there."
    )
