"""A real Ray cluster of two nodes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SMALL = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}


@contextmanager
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """The cluster, whose `address` is its head's, and its second node, which alone has the resource `far`."""
    pytest.importorskip("ray", reason="ray is not installed: pip install '.[ray]'")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=SMALL)
    try:
        second = cluster.add_node(**SMALL, resources={"far": 1})
        yield cluster, second
    finally:
        cluster.shutdown()
