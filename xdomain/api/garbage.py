"""Find and delete files that no live experiment needs."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.core.errors import StoreError
from xdomain.plan.graph import Plan
from xdomain.store.experiments import rewrite_notes
from xdomain.store.garbage import Garbage, find_garbage, free
from xdomain.store.store import Store


def common_store(stores: Sequence[Store]) -> Store:
    """Return the only store in `stores`, which may contain it several times.

    Raises:
        StoreError: There are different stores.
    """
    roots = list(dict.fromkeys(store.root.resolve() for store in stores))
    if len(roots) > 1:
        raise StoreError("is not the store of every experiment.", where=str(roots[0]), fix="Name one with --store.")
    return stores[0]


def collect_garbage(store: Store, plans: Sequence[Plan], forget: Sequence[str] = (), *, yes: bool = False) -> Garbage:
    """Find the stages, checkpoints and leftovers that no live experiment needs. With `yes`, delete them.

    Args:
        store: The store.
        plans: Current plans of experiments, which keep only the stages in them. Other experiments in the store keep all
            of their stages.
        forget: Names of experiments that are no longer needed.
        yes: Whether to delete the files. By default, they are only found.

    Raises:
        StoreError: A stage of a forgotten experiment is running.
    """
    garbage = find_garbage(store, plans, forget)
    if yes:
        free(store, garbage)
        rewrite_notes(store, plans, forget)
    return garbage
