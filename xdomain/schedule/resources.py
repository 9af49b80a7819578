"""Compare the resources that each kind of stage requests with those of this machine or of a cluster's nodes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import psutil

from xdomain.config.execution import ExecutionConfig, StageResources
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind

Amounts = Mapping[str, float]
"""Amounts by resource, named as Ray names them: "CPU", "GPU", "memory" (bytes), and custom ones."""

FIELDS = {"CPU": "cpus", "GPU": "gpus", "memory": "memory_gb"}
"""The field of `execution.resources.<kind>` that states each resource."""
GIGABYTE = 1e9


def stated(execution: ExecutionConfig, kind: StageKind) -> dict[str, float]:
    """Return the amounts that `execution.resources` states for a kind of stage, without defaults."""
    asked: StageResources = getattr(execution.resources, kind.value)
    given = {name: getattr(asked, field) for name, field in FIELDS.items()}
    amounts = {name: float(amount) for name, amount in given.items() if amount is not None}
    if "memory" in amounts:
        amounts["memory"] *= GIGABYTE
    return amounts | asked.custom


def demand(execution: ExecutionConfig, kind: StageKind, *, on_gpu: bool) -> dict[str, float]:
    """Return the amounts that a stage of a kind requests from a cluster.

    By default, a stage requests `threads` cores per process, and one GPU per process if `on_gpu`. Resources with an
    amount of 0 are left out.
    """
    processes = execution.train_processes if kind is StageKind.TRAIN else 1
    default = {"CPU": float(processes * execution.threads), "GPU": float(processes * on_gpu)}
    return {name: amount for name, amount in (default | stated(execution, kind)).items() if amount > 0}


def demands(execution: ExecutionConfig, nodes: Sequence[Amounts]) -> dict[StageKind, dict[str, float]]:
    """Return the amounts that each kind of stage requests from a cluster of `nodes`.

    Stages use GPUs unless the experiment sets `device: cpu`, or sets `auto` and the cluster has none.
    """
    has_gpus = any(node.get("GPU", 0) > 0 for node in nodes)
    on_gpu = execution.device == "cuda" or (execution.device == "auto" and has_gpus)
    return {kind: demand(execution, kind, on_gpu=on_gpu) for kind in StageKind}


def fits(wanted: Amounts, node: Amounts) -> int:
    """Return how many stages with the same demand fit on an otherwise empty node."""
    return int(min(node.get(name, 0.0) / amount for name, amount in wanted.items()) + 1e-9)


def room(wanted: Mapping[StageKind, Amounts], nodes: Sequence[Amounts]) -> int:
    """Return how many stages fit on all nodes together, for the kind of stage that fits most often."""
    return sum(max(fits(each, node) for each in wanted.values()) for node in nodes)


def check_demands(wanted: Mapping[StageKind, Amounts], nodes: Sequence[Amounts]) -> None:
    """Check that some node can run each kind of stage.

    Raises:
        ConfigError: No node can run one of the kinds.
    """
    for kind, each in wanted.items():
        if not any(fits(each, node) for node in nodes):
            has = "; ".join(dict.fromkeys(_words(node, [*FIELDS, *each]) for node in nodes))
            raise ConfigError(
                f"no node has what a stage of this kind requests: {_words(each, list(each))}. "
                f"The nodes have: {has or 'there are no nodes'}.",
                where=f"execution.resources.{kind}",
                fix="Request less, or start a node that has it.",
            )


def visible_gpus(device: str = "auto") -> list[str]:
    """Return the names of this machine's GPUs for CUDA_VISIBLE_DEVICES, without loading torch; [] for device "cpu"."""
    if device == "cpu":
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    try:
        nodes = os.listdir("/proc/driver/nvidia/gpus")
    except FileNotFoundError:
        nodes = []
    return [str(index) for index in range(len(nodes))]


def machine_capacity(gpus: int) -> dict[str, float]:
    """Return the amounts that this machine has if stages may use `gpus` of its GPUs."""
    return {"CPU": os.cpu_count() or 1, "GPU": gpus, "memory": psutil.virtual_memory().total}


def asked_of_machine(execution: ExecutionConfig, capacity: Amounts) -> dict[StageKind, dict[str, float]]:
    """Return the amounts that each kind of stage states, limited to the resources that a single machine tracks.

    Raises:
        ConfigError: A stage requests more than the machine has, or a part of a GPU.
    """
    found = {}
    for kind in StageKind:
        asked = {name: amount for name, amount in stated(execution, kind).items() if name in FIELDS}
        if asked.get("GPU", 0.0) % 1:
            raise ConfigError(
                f"only Ray can share a GPU between stages. Found {asked['GPU']:g}.",
                where=f"execution.resources.{kind}.gpus",
                fix="Write a whole number. `execution.workers` sets how many stages share this machine's GPUs.",
            )
        for name, amount in asked.items():
            if amount > capacity[name]:
                scale = GIGABYTE if name == "memory" else 1
                raise ConfigError(
                    f"a stage requests {amount / scale:g}, but this machine has {capacity[name] / scale:.4g}.",
                    where=f"execution.resources.{kind}.{FIELDS[name]}",
                    fix="Request less, or choose an `execution.executor` with larger machines."
                    + (" (`execution.device: cpu` gives stages no GPU.)" if execution.device == "cpu" else ""),
                )
        found[kind] = asked
    return found


def _words(amounts: Amounts, names: Sequence[str]) -> str:
    """Return amounts as text for a message: "2 CPU, 1 GPU, 8.0 GB memory"."""
    return ", ".join(
        f"{amounts.get(name, 0) / GIGABYTE:.1f} GB memory" if name == "memory" else f"{amounts.get(name, 0):g} {name}"
        for name in dict.fromkeys(names)
    )
