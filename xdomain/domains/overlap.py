"""Questions that occur twice: in train and test, in two domains, or in one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xdomain.core.errors import DataError
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.splits import prompt_key, split_key

SHOWN = 3
"""Examples kept of an overlap."""


@dataclass(frozen=True)
class Overlap:
    """Test items whose question is in a train split: they share a split key or a normalised prompt with a train item.

    Attributes:
        train_domain: Domain of the train split.
        test_domain: Domain of the test split; the same name for an overlap within a domain.
        exact: Number of test items whose prompt is in train letter for letter.
        normalised: Number of further ones that differ only in width, case, white space or template.
        test_items: Size of the test split.
        examples: Ids of the first such test items.
    """

    train_domain: str
    test_domain: str
    exact: int
    normalised: int
    test_items: int
    examples: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.exact + self.normalised


def find_overlap(train_domain: Domain, test_domain: Domain) -> Overlap:
    """Compare the train split of one domain with the test split of another (or of itself)."""
    train, test = train_domain.items(Split.TRAIN), test_domain.items(Split.TEST)
    exact_prompts = {item.prompt for item in train}
    keys = {key for item in train for key in keys_of(item)}
    shared = [item for item in test if not keys.isdisjoint(keys_of(item))]
    exact = sum(item.prompt in exact_prompts for item in shared)
    return Overlap(
        train_domain=train_domain.name,
        test_domain=test_domain.name,
        exact=exact,
        normalised=len(shared) - exact,
        test_items=len(test),
        examples=tuple(item.id for item in shared[:SHOWN]),
    )


def keys_of(item: Item) -> tuple[str, str]:
    """Return the keys of what an item asks: that of its question, and that of its prompt."""
    return split_key(item), prompt_key(item.prompt)


def find_overlaps(domains: Sequence[Domain]) -> list[Overlap]:
    """Every overlap that is not empty, of each train split with each test split."""
    found = [find_overlap(trained, tested) for trained in domains for tested in domains]
    return [overlap for overlap in found if overlap.total]


def refuse_overlaps(domains: Sequence[Domain]) -> list[Overlap]:
    """Check an experiment's domains before anything is trained; returns the overlaps that are allowed by name.

    Raises:
        DataError: a test question is in a train split, and the train domain does not allow the test domain.
    """
    allowed = {domain.name: domain.allowed_overlap for domain in domains}
    overlaps = find_overlaps(domains)
    for overlap in overlaps:
        if overlap.test_domain not in allowed[overlap.train_domain]:
            raise DataError(
                f'{overlap.total} of {overlap.test_items} test prompts of "{overlap.test_domain}" are in the train '
                f'split of "{overlap.train_domain}" (the first: {", ".join(overlap.examples)}).',
                where=f"domains.{overlap.train_domain}",
                fix="Remove them, split one pool by hash (`split: {by: prompt}` where rows with one prompt differ in "
                f"other fields), or set `allow_overlap: [{overlap.test_domain}]`.",
            )
    return overlaps


def repeated_prompts(items: Sequence[Item]) -> int:
    """Return how many items repeat the prompt and system message of an earlier one, letter for letter."""
    counts = Counter((item.prompt, item.system) for item in items)
    return sum(count - 1 for count in counts.values())
