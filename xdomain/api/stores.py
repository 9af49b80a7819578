"""Open the store that a command or a call works on."""

from __future__ import annotations

import os
from pathlib import Path

from xdomain.store.store import Store


def as_store(store: str | Path | Store | None, configured: str | None = None) -> Store:
    """Open a store.

    Args:
        store: Folder of the store; None for `configured`, or else $XDOMAIN_STORE, or else ./xdomain-store.
        configured: Folder that the experiment's file names.

    Raises:
        StoreError: The store is from another version, or the folder is not a store.
    """
    return store if isinstance(store, Store) else Store(Path(store or default_store(configured)))


def default_store(configured: str | None = None) -> Path:
    """Return the configured folder, or else $XDOMAIN_STORE, or else ./xdomain-store."""
    return Path(configured or os.environ.get("XDOMAIN_STORE") or "xdomain-store")
