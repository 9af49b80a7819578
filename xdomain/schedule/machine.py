"""This machine's GPUs, cores and memory, and what stages ask of them where no cluster divides them."""

from __future__ import annotations

import os

import psutil

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind
from xdomain.schedule.cluster_resources import Amounts

FIELDS = {"CPU": "cpus", "GPU": "gpus", "memory": "memory_gb"}


def visible_gpus(device: str = "auto") -> list[str]:
    """GPUs that stages may use here, as CUDA_VISIBLE_DEVICES names them, without loading torch; [] for device "cpu"."""
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


def capacity(gpus: int) -> Amounts:
    """What this machine has, of which stages may use `gpus` GPUs."""
    return {"CPU": os.cpu_count() or 1, "GPU": gpus, "memory": psutil.virtual_memory().total}


def asked_of_machine(execution: ExecutionConfig, has: Amounts) -> dict[StageKind, dict[str, float]]:
    """What `execution.resources` asks for a stage of each kind; what a file leaves out is not asked for.

    Raises:
        ConfigError: more than the machine has, or a part of a GPU.
    """
    found = {}
    for kind in StageKind:
        resources = getattr(execution.resources, kind.value)
        given = {name: getattr(resources, field) for name, field in FIELDS.items()}
        asked = {name: float(amount) for name, amount in given.items() if amount is not None}
        if asked.get("GPU", 0.0) % 1:
            raise ConfigError(
                f"a part of a GPU is given by Ray alone. Found {asked['GPU']:g}.",
                where=f"execution.resources.{kind}.gpus",
                fix="Say a whole number; `execution.workers` says how many stages share this machine's GPUs.",
            )
        if "memory" in asked:
            asked["memory"] *= 1e9
        for name, amount in asked.items():
            if amount > has[name]:
                scale = 1e9 if name == "memory" else 1
                raise ConfigError(
                    f"a stage asks for {amount / scale:g}, and this machine has {has[name] / scale:.4g} for it.",
                    where=f"execution.resources.{kind}.{FIELDS[name]}",
                    fix="Ask for less, or choose an `execution.executor` with larger machines."
                    + (" (`execution.device: cpu` gives stages no GPU.)" if execution.device == "cpu" else ""),
                )
        found[kind] = asked
    return found
