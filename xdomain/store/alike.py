"""Published stages of other plans that take about as long: the same kind, model and shape of the work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from xdomain.core.files import read_json
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.graph import Graph
from xdomain.plan.stage import StageKind
from xdomain.store.artifact import DONE, STAGE
from xdomain.store.store import Store

SHAPE: dict[str, tuple[str, ...]] = {
    StageKind.BASE: ("warmup.steps", "warmup.examples_per_step", "threads"),
    StageKind.TRAIN: (
        *(
            f"training.{name}"
            for name in (
                "prompts_per_step", "generations", "updates_per_rollout", "epochs_per_rollout", "micro_batch",
                "max_prompt_tokens", "max_completion_tokens", "bf16", "gradient_checkpointing", "rollout",
            )
        ),
        "lora.r", "strategy", "threads",
    ),
    StageKind.EVALUATE: (
        "items.count",
        *(f"sampling.{name}" for name in ("samples", "max_completion_tokens", "backend", "batch_tokens")),
        "threads",
    ),
}  # fmt: skip
"""Fields of a stage's payload that decide how long it takes, its number of steps apart."""
ENOUGH = 30
"""Stages of a kind whose median is steady enough."""
MOST_READ = 300
"""Stages of a kind that are looked at for them, so that a store of ten thousand does not delay a plan."""


def rates_alike(plan: Graph, store: Store, kinds: Collection[str]) -> dict[str, list[float]]:
    """Seconds (of a train stage: a step) that published stages like the plan's took, by kind; no key where none is.

    They are picked by their keys, which is as good as at random. One that cannot be read is passed over.
    """
    published = Published(store)
    found: dict[str, list[float]] = {}
    for kind in kinds:
        own = (stage for stage in plan.stages.values() if stage.kind == kind)
        wanted = {likeness(stage.payload, stage.needs, published, plan) for stage in own} - {None}
        rates: list[float] = []
        for key in published.keys(kind)[:MOST_READ] if wanted else ():
            data = published.read(key)
            if data is not None and likeness(data["payload"], data["needs"], published) in wanted:
                rates.append(float(data["done"]["seconds"]) / data["payload"].get("steps", 1))
            if len(rates) == ENOUGH:
                break
        if rates:
            found[kind] = rates
    return found


class Published:
    """What published stages say of themselves, each read once."""

    def __init__(self, store: Store) -> None:
        self._folders: dict[str, Path] = {name[-16:]: store.root / "stages" / name for name in store.names("stages")}
        """By the beginning of their keys, which their names end in."""
        self._read: dict[str, dict[str, Any] | None] = {}

    def keys(self, kind: str) -> list[str]:
        return sorted(key for key, folder in self._folders.items() if folder.name.startswith(f"{kind}-"))

    def read(self, key: str) -> dict[str, Any] | None:
        """`stage.json` of a stage that is done, by its key or the beginning of that; None where it cannot be read."""
        key = key[:16]
        if key not in self._read:
            self._read[key] = self._load(key)
        return self._read[key]

    def _load(self, key: str) -> dict[str, Any] | None:
        folder = self._folders.get(key)
        try:
            return dict(read_json(folder / STAGE)) if folder is not None and (folder / DONE).is_file() else None
        except (OSError, ValueError, TypeError):
            return None


def likeness(
    payload: Mapping[str, Any], needs: Sequence[str], published: Published, plan: Graph | None = None
) -> str | None:
    """What stages that take as long have in common: shape, model and dtype; None where the model is not known."""
    base = _base(payload, needs, published, plan)
    if base is None:
        return None
    shape = [_value(payload, name) for name in SHAPE[payload["kind"]]]
    return fingerprint({"shape": shape, "model": base["model"], "dtype": base["dtype"]})


def _value(payload: Any, name: str) -> Any:
    for part in name.split("."):
        payload = payload.get(part) if isinstance(payload, Mapping) else None
    return payload


def _base(
    payload: Mapping[str, Any], needs: Sequence[str], published: Published, plan: Graph | None
) -> Mapping[str, Any] | None:
    """Payload of the base that a stage goes back to: the last of what each stage needs leads there."""
    while payload["kind"] != StageKind.BASE:
        if not needs:
            return None
        stage = plan.stages.get(needs[-1]) if plan is not None else None
        if stage is not None and (stage.needs or stage.kind is StageKind.BASE):
            payload, needs = stage.payload, stage.needs
        elif (data := published.read(needs[-1])) is not None:
            payload, needs = data["payload"], data["needs"]
        else:
            return None
    return payload
