"""Measure how long published stages took that resemble a plan's stages in kind, model and amount of work."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdomain.core.fingerprint import fingerprint
from xdomain.plan.graph import Graph
from xdomain.plan.stage import BaseStage, EvaluateStage, PhaseStage, StageKind, StageSpec
from xdomain.store.description import amount
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage, read_stage

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
        "lora.r", "strategy", "threads", "distill",
    ),
    StageKind.MERGE: ("method",),
    StageKind.ROLLBACK: ("method", "points", "choice.values", "threads"),
    StageKind.EVALUATE: (
        "items.count",
        *(f"sampling.{name}" for name in ("samples", "max_completion_tokens", "backend", "batch_tokens")),
        "threads",
    ),
}  # fmt: skip
"""Fields of a stage's payload, other than its number of steps, that determine how long it takes."""
DISTILL = "distill"
"""Work of distillations. They are training stages, but with teachers and one completion per prompt."""
ENOUGH = 30
"""Number of stages per work that give a steady median."""
MOST_READ = 300
"""Largest number of stages per work that are searched, so that a store of ten thousand does not delay a plan."""


@dataclass(frozen=True)
class Measured:
    """Duration and completion length of a published stage, used to estimate similar stages.

    Attributes:
        seconds: Duration per unit (`units`).
        tokens: Mean length of its completions in tokens; None if it has no completions or did not record it.
    """

    seconds: float
    tokens: float | None


def measured(payload: Mapping[str, Any], done: Mapping[str, Any]) -> Measured | None:
    """Return the duration and completion length of a published stage; None if its duration was not recorded.

    Args:
        payload: Payload of the stage.
        done: Content of the stage's `done.json`.
    """
    summary = done.get("summary")
    left: Mapping[str, Any] = summary if isinstance(summary, Mapping) else {}
    seconds, tokens = amount(done.get("seconds")), amount(left.get("completion_tokens"))
    if payload["kind"] == StageKind.TRAIN:
        counts = left.get("prompts"), payload["training"].get("generations")
    else:
        counts = left.get("items"), left.get("samples")
    completions = math.prod(amount(count) or 0 for count in counts)
    if seconds is None:
        return None
    return Measured(seconds / units(payload), tokens / completions if tokens is not None and completions else None)


def work_of(payload: Mapping[str, Any]) -> str:
    """Return the kind of a stage, or `DISTILL`. Stages of one work take a similar time per unit."""
    return DISTILL if payload.get("teachers") else str(payload["kind"])


def units(payload: Mapping[str, Any]) -> float:
    """Return what the duration of a stage scales with: completions that training steps learn from, else 1."""
    if payload["kind"] != StageKind.TRAIN:
        return 1
    training = payload["training"]
    counts = (payload.get("steps"), training.get("prompts_per_step"), training.get("generations"))
    return math.prod(amount(count) or 1 for count in counts)


def rates_alike(plan: Graph, store: Store, works: Collection[str]) -> dict[str, list[Measured]]:
    """Return measurements of published stages that resemble the plan's, by work.

    Work without any such stage is left out. Stages are picked in the order of their keys, which are hashes, so the
    sample is random. A stage that cannot be read is skipped.
    """
    published = Published(store)
    found: dict[str, list[Measured]] = {}
    for work in works:
        own = [stage for stage in plan.stages.values() if work_of(stage.payload) == work]
        wanted = {likeness(stage.payload, base_of_planned(stage, plan, published)) for stage in own} - {None}
        rates: list[Measured] = []
        for key in published.keys(own[0].kind)[:MOST_READ] if wanted else ():
            stored = published.read(key)
            told = None if stored is None else measured(stored.payload, stored.done)
            if stored is None or told is None:
                continue
            if likeness(stored.payload, base_of_published(stored, published)) in wanted:
                rates.append(told)
            if len(rates) == ENOUGH:
                break
        if rates:
            found[work] = rates
    return found


class Published:
    """Published stages of a store; each is read once."""

    def __init__(self, store: Store) -> None:
        self._folders: dict[str, Path] = {name[-16:]: store.root / "stages" / name for name in store.names("stages")}
        """Stages that were read, by the short key that ends their folder name."""
        self._read: dict[str, StoredStage | None] = {}

    def keys(self, kind: str) -> list[str]:
        """Return the short keys of all stages of a kind."""
        return sorted(key for key, folder in self._folders.items() if folder.name.startswith(f"{kind}-"))

    def read(self, key: str) -> StoredStage | None:
        """Return a stage by its key or short key; None if it is not published or cannot be read."""
        key = key[:16]
        if key not in self._read:
            folder = self._folders.get(key)
            self._read[key] = None if folder is None else read_stage(folder)
        return self._read[key]


def likeness(payload: Mapping[str, Any], base: Mapping[str, Any] | None) -> str | None:
    """Return a text that is equal for stages of similar duration: same shape, model and dtype.

    It is None if the model is unknown.

    Args:
        payload: Payload of the stage.
        base: Payload of the base model's stage.
    """
    if base is None:
        return None
    shape = [_value(payload, name) for name in SHAPE[payload["kind"]]]
    return fingerprint({"shape": shape, "model": base["model"], "dtype": base["dtype"]})


def base_of_planned(stage: StageSpec, plan: Graph, published: Published) -> Mapping[str, Any] | None:
    """Return the payload of the base model of a planned stage; None if it is unknown."""
    made_by = plan.stages.get(stage.checkpoint.stage) if isinstance(stage, EvaluateStage) else stage
    if isinstance(made_by, PhaseStage):
        made_by = plan.stages.get(made_by.base.stage)
    if isinstance(made_by, BaseStage):
        return made_by.payload
    stored = published.read(stage.needs[-1])
    return None if stored is None else base_of_published(stored, published)


def base_of_published(stage: StoredStage, published: Published) -> Mapping[str, Any] | None:
    """Return the payload of the base model of a published stage; None if that is not published.

    The last key in each stage's `needs` leads to the base model.
    """
    found: StoredStage | None = stage
    seen: set[str] = set()
    while found is not None and found.kind is not StageKind.BASE and found.key not in seen:
        seen.add(found.key)
        found = published.read(found.needs[-1]) if found.needs else None
    return None if found is None else found.payload


def _value(payload: Any, name: str) -> Any:
    for part in name.split("."):
        payload = payload.get(part) if isinstance(payload, Mapping) else None
    return payload
