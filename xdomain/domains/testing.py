"""The conformance suite for domains, including those of plugins. `check_domain` asserts every law of `Domain`.

from xdomain.domains.testing import check_domain

def test_my_domain():
    check_domain(MyDomain)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from xdomain.core.fingerprint import canonical_json
from xdomain.core.records import Outcome, Verdict
from xdomain.domains import check
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.overlap import keys_of

MOST = 50
"""Number of items per split that are judged by default."""


def check_domain(make: Callable[[], Domain], *, most: int | None = MOST, fewest_prompts: int = 0) -> check.DomainCheck:
    """Assert that a domain keeps the contract, and return the results of the check.

    Args:
        make: Function that makes a new domain, as the entry point does.
        most: Number of items to judge per split, from the first; None judges all.
        fewest_prompts: Least number of distinct prompts that it should have.

    Raises:
        AssertionError: The domain breaks a law. The message names the law and the item.
        DataError: The domain's data is missing or malformed.
    """
    domain = make()
    check_items(domain)
    check_two_builds_agree(domain, make())
    check_splits_are_disjoint(domain)
    check_identity(domain, make())
    found = check.check_domain(domain, most=most, fewest_prompts=fewest_prompts)
    assert found.ok, f'domain "{domain.name}": {" ".join(found.problems)}'
    check_scoring(domain)
    check_rewards(domain)
    domain.close()
    check_scoring(domain)
    domain.close()
    return found


def check_items(domain: Domain) -> None:
    """Assert that ids are distinct within a split and that items have valid fields."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", domain.name), f'the name "{domain.name}" should match [a-z][a-z0-9_]*'
    assert domain.items(Split.TEST) or domain.items(Split.TRAIN), "neither train nor test has items"
    for split in Split:
        items = domain.items(split)
        ids = [item.id for item in items]
        assert len(set(ids)) == len(ids), f"ids of {split} are not distinct"
        for item in items:
            assert item.id, f"an item of {split} has an empty id"
            assert item.prompt.strip(), f"item {item.id} has an empty prompt"
            assert isinstance(item.gold, str), f"the gold of item {item.id} is {type(item.gold).__name__}, not text"
            canonical_json(dict(item.metadata))  # raises on what is not plain JSON


def check_two_builds_agree(one: Domain, other: Domain) -> None:
    """Assert that two builds of a domain have the same items at the same indices."""
    for split in Split:
        assert list(one.items(split)) == list(other.items(split)), f"two builds disagree on {split}"


def check_splits_are_disjoint(domain: Domain) -> None:
    """Assert that no test question is in train or dev, unless the domain allows its own overlap by name."""
    if domain.name in domain.allowed_overlap:
        return
    keys = {split: {key for item in domain.items(split) for key in keys_of(item)} for split in Split}
    for split in (Split.TRAIN, Split.DEV):
        shared = keys[split] & keys[Split.TEST]
        assert not shared, f"{len(shared)} test prompts are in {split}"


def check_identity(one: Domain, other: Domain) -> None:
    """Assert that identities are plain JSON and equal in two builds."""
    for name in ("item_identity", "verifier_identity", "reward_identity", "solution_identity"):
        first, second = (canonical_json(dict(getattr(domain, name)())) for domain in (one, other))
        assert first == second, f"{name}() changes"
    assert re.fullmatch(r"[a-z0-9_]+/[\w.+-]+", one.scorer), f'the scorer "{one.scorer}" should read "id/version"'


def some_items(domain: Domain) -> list[Item]:
    return [item for split in Split for item in domain.items(split)[:3]]


def check_scoring(domain: Domain) -> None:
    """Assert that a verdict depends only on its own item and completion, and that no text raises an error."""
    items = some_items(domain)
    pairs = [(item, domain.render_solution(item)) for item in items]
    pairs += [(item, garbage) for item in items for garbage in check.GARBAGE]
    together = score(domain, pairs)
    backwards = score(domain, pairs[::-1])[::-1]
    for (item, completion), one, other in zip(pairs, together, backwards, strict=True):
        assert one == other, f"the verdict on item {item.id} and {completion[:40]!r} depends on the batch"
    assert domain.score([], []) == [], "an empty batch should give no verdicts"


def score(domain: Domain, pairs: list[tuple[Item, str]]) -> list[Verdict]:
    verdicts = domain.score([item for item, _ in pairs], [completion for _, completion in pairs])
    assert len(verdicts) == len(pairs), f"{len(pairs)} completions got {len(verdicts)} verdicts"
    return verdicts


def check_rewards(domain: Domain) -> None:
    """Assert that rewards are finite numbers and that an unscored completion has none."""
    for item in some_items(domain):
        for completion in (domain.render_solution(item), *check.GARBAGE):
            verdict = domain.score([item], [completion])[0]
            reward = domain.reward(item, completion, verdict)
            if verdict.outcome is not Outcome.UNSCORED:
                assert reward is None or math.isfinite(reward), f"the reward of item {item.id} is {reward}"
        assert domain.reward(item, "", Verdict.unscored("a test")) is None, "an unscored completion was paid"
