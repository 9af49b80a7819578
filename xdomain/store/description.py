"""Read a published stage's description, `stage.json`, and check its shape before anything relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xdomain.core.files import read_json
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.stage import StageKind

STAGE = "stage.json"
Shape = Mapping[str, Any]
"""Required names of a JSON object, each with the type of its value or the shape of a nested object."""

DESCRIPTION: Shape = {"key": str, "kind": str, "title": str, "payload": dict, "needs": list, "done": dict}
PAYLOAD: Mapping[StageKind, Shape] = {
    StageKind.BASE: {"kind": str, "model": dict},
    StageKind.TRAIN: {"kind": str, "parent": str, "verifiers": dict, "training": dict},
    StageKind.MERGE: {"kind": str, "base": str, "inputs": list, "weights": list, "method": str},
    StageKind.ROLLBACK: {"kind": str, "base": str, "inputs": list, "method": str},
    StageKind.EVALUATE: {
        "kind": str,
        "checkpoint": {"stage": str, "step": int},
        "items": {"domain": str, "split": str, "identity": object},
        "sampling": dict,
        "verifier": object,
    },
}


def description(folder: Path) -> dict[str, Any]:
    """Return the description of the stage in `folder`, without comparing its digest.

    Raises:
        ValueError: The file does not describe a stage, or its key is not the digest of its payload.
        OSError: The file cannot be read.
    """
    found = read_json(folder / STAGE)
    require_shape(found, DESCRIPTION)
    require_shape(found["payload"], PAYLOAD[StageKind(found["kind"])], "payload.")
    if not all(isinstance(need, str) for need in found["needs"]):
        raise ValueError("`needs` holds something else than keys")
    if fingerprint(found["payload"]) != found["key"]:
        raise ValueError("`key` is not the digest of `payload`")
    described: dict[str, Any] = found
    return described


def require_shape(value: Any, shape: Shape, below: str = "") -> None:
    """Compare a JSON value with a shape.

    Raises:
        ValueError: A name is missing, or its value has another type.
    """
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    for name, wanted in shape.items():
        if name not in value:
            raise ValueError(f"`{below}{name}` is missing")
        if isinstance(wanted, Mapping):
            require_shape(value[name], wanted, f"{below}{name}.")
        elif not isinstance(value[name], wanted) or (wanted is int and isinstance(value[name], bool)):
            raise ValueError(f"`{below}{name}` has an unexpected value")


def amount(value: Any) -> float | None:
    """Return a recorded number of seconds, tokens or items; None if the value is not a finite, non-negative number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < 2**53 else None
