"""Find questions that occur twice: in train and test, in two domains, or in one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xdomain.core.errors import DataError
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.splits import prompt_key, split_key

SHOWN = 3
"""Number of examples that are kept per overlap."""


@dataclass(frozen=True)
class Overlap:
    """Test items whose question is in a train split, since a train item has the same split key or normalised prompt.

    Attributes:
        train_domain: Domain of the train split.
        test_domain: Domain of the test split; the same name for an overlap within a domain.
        exact: Number of test items whose exact prompt is in train.
        normalised: Number of further test items that differ only in width, case, white space or template.
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
    """Return the keys of an item's question and of its prompt."""
    return split_key(item), prompt_key(item.prompt)


def find_overlaps(domains: Sequence[Domain], warmup: Sequence[Domain] = ()) -> list[Overlap]:
    """Return every overlap of a train split with a test split that is not empty.

    Args:
        domains: Domains that are trained on and tested.
        warmup: Further domains on which the base model is warmed up and which are not tested.
    """
    found = [find_overlap(trained, tested) for trained in [*domains, *warmup] for tested in domains]
    return [overlap for overlap in found if overlap.total]


def refuse_overlaps(domains: Sequence[Domain], warmup: Sequence[Domain] = ()) -> list[Overlap]:
    """Check an experiment's domains before training, and return the overlaps that are allowed by name.

    Args:
        domains: Domains that are trained on and tested.
        warmup: Further domains on which the base model is warmed up and which are not tested.

    Raises:
        DataError: A test question is in a train split, and the train domain does not allow the test domain.
    """
    allowed = {domain.name: domain.allowed_overlap for domain in [*domains, *warmup]}
    overlaps = find_overlaps(domains, warmup)
    for overlap in overlaps:
        if overlap.test_domain not in allowed[overlap.train_domain]:
            raise DataError(
                f'{overlap.total} of {overlap.test_items} test prompts of "{overlap.test_domain}" are in the train '
                f'split of "{overlap.train_domain}" (the first: {", ".join(overlap.examples)}).',
                where=f"domains.{overlap.train_domain}",
                fix="Remove them, split one pool by hash (with `split: {by: prompt}` if rows with the same prompt "
                f"differ in other fields), or set `allow_overlap: [{overlap.test_domain}]`.",
            )
    return overlaps


def repeated_prompts(items: Sequence[Item]) -> int:
    """Return the number of items that repeat the exact prompt and system message of an earlier item."""
    counts = Counter((item.prompt, item.system) for item in items)
    return sum(count - 1 for count in counts.values())
