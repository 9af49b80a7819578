"""Find and free what no living experiment needs."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.core.errors import StoreError
from xdomain.plan.graph import Plan
from xdomain.store.experiments import rewrite_notes
from xdomain.store.garbage import Garbage, find_garbage, free
from xdomain.store.store import Store


def common_store(stores: Sequence[Store]) -> Store:
    """Return the store that all of `stores` are.

    Raises:
        StoreError: they are different stores.
    """
    roots = list(dict.fromkeys(store.root.resolve() for store in stores))
    if len(roots) > 1:
        raise StoreError("is not the store of every experiment.", where=str(roots[0]), fix="Name one with --store.")
    return stores[0]


def collect_garbage(store: Store, plans: Sequence[Plan], forget: Sequence[str] = (), *, yes: bool = False) -> Garbage:
    """Find the stages, checkpoints and leftovers that go; with `yes`, delete them.

    Args:
        plans: experiments of which only what they name now stays. Others that ran in the store stay whole.
        forget: names of experiments that are no longer needed.
        yes: delete instead of only looking.

    Raises:
        StoreError: a stage of a forgotten experiment is running.
    """
    garbage = find_garbage(store, plans, forget)
    if yes:
        free(store, garbage)
        rewrite_notes(store, plans, forget)
    return garbage
