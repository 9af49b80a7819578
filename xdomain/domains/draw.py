"""Choose the items of a split that are evaluated."""

from __future__ import annotations

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.seeds import derive_seed
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.splits import split_key


def choose_items(domain: Domain, evaluation: EvaluationConfig, split: Split | None = None) -> list[Item]:
    """Return the evaluated items in the order of the split. Every checkpoint gets the same items.

    They are the first `evaluation.items` of one permutation, so the 300 items of a smaller evaluation are among the 600
    of a larger one. Each item's rank in the permutation depends on the seed, the domain's name and the item's question,
    not on its index. If rows are added or removed, the others keep their order.

    Args:
        domain: Domain that holds the items.
        evaluation: Evaluation settings.
        split: Split that the items come from; by default `evaluation.split`.
    """
    items = domain.items(split or Split(evaluation.split))

    def place(index: int) -> tuple[int, str]:
        item = items[index]
        return derive_seed("items", evaluation.seed, domain.name, split_key(item), item.gold), item.id

    chosen = sorted(range(len(items)), key=place)[: evaluation.items]
    return [items[index] for index in sorted(chosen)]
