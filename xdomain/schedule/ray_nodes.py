"""Check the nodes of a Ray cluster before any stage starts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from xdomain import __version__
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import ConfigError
from xdomain.core.installation import install_command
from xdomain.plan.graph import Setup
from xdomain.schedule.ray_connection import first_line
from xdomain.schedule.worker_door import preflight_complaint

ANSWER_SECONDS = 120.0


def check_nodes(ray: ModuleType, nodes: Sequence[Any], store: Path) -> None:
    """Check that each of `nodes` has this version of xdomain and sees the store.

    Args:
        ray: The package `ray`.
        nodes: Nodes to check, as `ray.nodes()` returns them.
        store: Folder of the store.

    Raises:
        ConfigError: A node has another version, or does not see the store.
    """
    probe = store / "work" / f".probe-{uuid.uuid4().hex}"
    probe.touch()
    try:
        for node, answer in [(node, _on(ray, node, look_at_node, str(probe))) for node in nodes]:
            version, sees_store = _answer(ray, answer, node, ANSWER_SECONDS)
            if version != __version__:
                raise ConfigError(f"has xdomain {version}, not {__version__}.", where=_name(node))
            if not sees_store:
                raise ConfigError(
                    f"does not see the store {store}.",
                    where=_name(node),
                    fix="Name a folder of a shared file system with --store.",
                )
    finally:
        probe.unlink()


def check_settings(ray: ModuleType, node: Any, setup: Setup, *, loads_source: bool) -> None:
    """Check the experiment's settings with TRL on `node`. The other arguments are those of `Executor.preflight`.

    Raises:
        XDomainError: TRL refuses a setting.
    """
    reference = _on(ray, node, preflight_complaint, setup.model_dump_json(), loads_source)
    complaint = _answer(ray, reference, node, None)
    if complaint:
        raise error_from_json(complaint)


def look_at_node(probe_path: str) -> tuple[str, bool]:
    """Return the version of xdomain in this process, and whether the probe file in the store is visible."""
    return __version__, Path(probe_path).is_file()


def _on(ray: ModuleType, node: Any, function: Callable[..., Any], *arguments: object) -> Any:
    """Start a check on one node, without waiting for free resources."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
    return ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=place)(function).remote(*arguments)


def _answer(ray: ModuleType, reference: Any, node: Any, timeout_seconds: float | None) -> Any:
    """Return the result of a check.

    Raises:
        ConfigError: The check could not run.
    """
    try:
        return ray.get(reference, timeout=timeout_seconds)
    except (ray.exceptions.RayError, ImportError) as error:
        raise ConfigError(
            f"cannot run xdomain: {type(error).__name__}: {first_line(error)}.",
            where=_name(node),
            fix=f"Install it on every node: {install_command('train', 'ray')}",
        ) from error


def _name(node: Any) -> str:
    return f"the Ray node {node['NodeManagerAddress']} ({node['NodeID'][:8]})"
