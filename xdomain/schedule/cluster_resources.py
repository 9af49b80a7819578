"""What a kind of stage asks of a cluster's nodes, and how many such stages the nodes hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import ConfigError
from xdomain.plan.stage import StageKind

Amounts = Mapping[str, float]
"""Amounts by resource, named as Ray names them: "CPU", "GPU", "memory" (bytes), and custom ones."""

SHOWN = ("CPU", "GPU", "memory")


def demands(execution: ExecutionConfig, nodes: Sequence[Amounts]) -> dict[StageKind, dict[str, float]]:
    """What a stage of each kind asks for, on a cluster of `nodes`.

    A stage asks for a GPU unless the experiment says `device: cpu`, or `auto` on a cluster without any.
    """
    has_gpus = any(node.get("GPU", 0) > 0 for node in nodes)
    wants_gpu = execution.device == "cuda" or (execution.device == "auto" and has_gpus)
    found = {}
    for kind in StageKind:
        asked = getattr(execution.resources, kind.value)
        processes = execution.train_processes if kind is StageKind.TRAIN else 1
        amounts = {
            "CPU": float(asked.cpus if asked.cpus is not None else processes * execution.threads),
            "GPU": float(asked.gpus if asked.gpus is not None else processes * wants_gpu),
            "memory": (asked.memory_gb or 0.0) * 1e9,
            **asked.custom,
        }
        found[kind] = {name: amount for name, amount in amounts.items() if amount > 0}
    return found


def fits(demand: Amounts, node: Amounts) -> int:
    """How many stages of one demand an otherwise empty node holds."""
    return int(min(node.get(name, 0.0) / amount for name, amount in demand.items()) + 1e-9)


def room(wanted: Mapping[StageKind, Amounts], nodes: Sequence[Amounts]) -> int:
    """Stages, of the kind that asks least, that all nodes together hold."""
    return sum(max(fits(demand, node) for demand in wanted.values()) for node in nodes)


def check_demands(wanted: Mapping[StageKind, Amounts], nodes: Sequence[Amounts]) -> None:
    """See that some node can run each kind of stage.

    Raises:
        ConfigError: none can.
    """
    for kind, demand in wanted.items():
        if not any(fits(demand, node) for node in nodes):
            has = "; ".join(dict.fromkeys(_words(node, [*SHOWN, *demand]) for node in nodes))
            raise ConfigError(
                f"no node can give what a stage of this kind asks for: {_words(demand, demand)}. "
                f"The nodes have: {has or 'there are no nodes'}.",
                where=f"execution.resources.{kind}",
                fix="Ask for less, or start a node that has it.",
            )


def _words(amounts: Amounts, names: Sequence[str] | Mapping[str, float]) -> str:
    """ "2 CPU, 1 GPU, 8.0 GB memory"."""
    return ", ".join(
        f"{amounts.get(name, 0) / 1e9:.1f} GB memory" if name == "memory" else f"{amounts.get(name, 0):g} {name}"
        for name in dict.fromkeys(names)
    )
